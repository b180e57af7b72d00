import type { TcpProxy } from '../../support/tcp-proxy.ts';

/**
 * Returns `mongodbUrl` with the proxy's host and port. It sets directConnection: otherwise the
 * driver reads the server's own address from the replica set, and bypasses the proxy.
 */
export function proxiedDatabaseUrl(proxy: TcpProxy, mongodbUrl: string): string {
  const separator = mongodbUrl.includes('?') ? '&' : '?';
  return `${proxy.url(mongodbUrl)}${separator}directConnection=true`;
}
