import { isIPv6 } from 'node:net';

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
/** Addresses of "all interfaces"; no browser has them in a URL. */
const ANY = new Set(['0.0.0.0', '::']);

/**
 * The values of the header Host that are answered. A page of another site whose name resolves to
 * this address (DNS rebinding) has another.
 */
export function allowedHosts(host: string, port: number, further: readonly string[]): ReadonlySet<string> {
  const own = ANY.has(host) ? [] : [isIPv6(host) ? `[${host}]` : host.toLowerCase()];
  const names = new Set([...LOOPBACK, ...own]);
  const withPort = [...names].map((name) => `${name}:${port}`);
  const given = further.map((name) => name.toLowerCase());
  // A proxy's name comes without a port where the proxy has the usual one.
  return new Set([...withPort, ...given, ...given.map((name) => `${name}:${port}`)]);
}

/** Whether a request was made by a page of this server; by its own word, or the browser's. */
export function isSameOrigin(headers: Headers): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin' && site !== 'none') return false;
  const origin = headers.get('origin');
  if (origin === null) return true;
  return URL.canParse(origin) && new URL(origin).host === headers.get('host')?.toLowerCase();
}
