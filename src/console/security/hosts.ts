import { isIPv6 } from 'node:net';

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
/** Addresses of "all interfaces"; no browser has them in a URL. */
const ANY = new Set(['0.0.0.0', '::']);

/** Whether only this machine reaches an address to listen on. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1|::ffff:127(?:\.\d{1,3}){3})$/i.test(host);
}

/** Browsers leave them out of Host and Origin. */
const DEFAULT_PORTS = [80, 443] as const;

/** By which addresses and names browsers reach the console. */
export interface HostSettings {
  readonly host: string;
  readonly port: number;
  /** Further names, such as a proxy's. */
  readonly allowedHosts: readonly string[];
  /** `https://NAME` where a proxy with TLS is in front. */
  readonly publicOrigin: string | undefined;
}

/**
 * The values of the header Host that are answered. A page of another site whose name resolves to
 * this address (DNS rebinding) has another.
 */
export function hostsOf({ host, port, allowedHosts, publicOrigin }: HostSettings): ReadonlySet<string> {
  const own = ANY.has(host) ? [] : [isIPv6(host) ? `[${host}]` : host.toLowerCase()];
  const names = [...new Set([...LOOPBACK, ...own])];
  const given = allowedHosts.map((name) => name.toLowerCase());
  return new Set([
    ...names.map((name) => `${name}:${port}`),
    ...(port === 80 ? names : []),
    // A proxy's name comes without a port, or with the usual one, where the proxy has that.
    ...given.flatMap((name) => [name, ...[port, ...DEFAULT_PORTS].map((each) => `${name}:${each}`)]),
    ...(publicOrigin === undefined ? [] : hostsOfOrigin(publicOrigin)),
  ]);
}

function hostsOfOrigin(origin: string): string[] {
  const { host, port, protocol } = new URL(origin);
  return port === '' ? [host, `${host}:${protocol === 'https:' ? 443 : 80}`] : [host];
}

/**
 * Whether a request was made by a page of this server; by its own word, or the browser's.
 * `publicOrigin`: where browsers find the page, whatever Host the proxy sends on.
 */
export function isSameOrigin(headers: Headers, publicOrigin?: string): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin' && site !== 'none') return false;
  const origin = headers.get('origin');
  if (origin === null || origin === publicOrigin) return true;
  if (!URL.canParse(origin)) return false;
  const { host, protocol } = new URL(origin);
  if (publicOrigin !== undefined && host === new URL(publicOrigin).host) return false;
  // Host may name the port that the origin leaves out.
  const asked = `${protocol}//${headers.get('host') ?? ''}`;
  return URL.canParse(asked) && new URL(asked).host === host;
}
