import type * as Http from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

import { ConnectionLimit } from './connection-limit.ts';
import { prefersOpenMetrics } from './open-metrics.ts';

// An import would read all exports of the module, and some of them load Node's own fetch: 3 MiB.
const { createServer } = createRequire(import.meta.url)('node:http') as typeof Http;

/** Whether the worker is ready, and the result of each check. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, boolean>>;
  /** Why a check fails, by its name, in words without values; only where that is known. */
  readonly reasons?: Readonly<Record<string, string>>;
}

/** What the endpoint serves, and where. */
export interface HttpSettings {
  /** 0 = no HTTP; `any` = a free port, see `HttpEndpoint.port`. */
  readonly port: number | 'any';
  /** Called for /readyz; requests that arrive while a call is pending share its result. */
  readonly readiness: () => Promise<Readiness>;
  /** After this time /readyz responds with 503. */
  readonly readinessTimeoutMs: number;
  readonly metrics: MetricsText & { readonly openMetrics?: MetricsText | undefined };
  readonly limits?: HttpLimits;
}

interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface HttpEndpoint {
  /** `undefined` where there is no HTTP. */
  readonly port: number | undefined;
  /**
   * Finishes the pending responses and closes within `limitMs` milliseconds. Idempotent; never
   * rejects.
   */
  close(limitMs?: number): Promise<void>;
}

interface Page {
  readonly status: number;
  readonly contentType?: string;
  readonly body: string;
}

/** `accept`: the header of the request. */
type PageHandler = (accept: string | undefined) => Promise<Page>;

/** Time limits for clients, in milliseconds, and the maximum number of connections. */
export interface HttpLimits {
  /** For a whole request, for the client to read the response, and for silence in between. */
  readonly requestMs: number;
  /** For a request's headers, and for the next request on a connection. */
  readonly idleMs: number;
  /** Interval at which Node enforces the two limits above. */
  readonly checkMs: number;
  readonly connections: number;
}

/** Rendering all metrics takes a few milliseconds, so readers share a text for this long. */
const METRICS_FRESH_MS = 200;

const DEFAULT_LIMITS: HttpLimits = { requestMs: 10_000, idleMs: 5_000, checkMs: 1_000, connections: 128 };

/** The process cannot listen on the port. */
export class HttpPortUnavailableError extends Error {
  override readonly name = 'HttpPortUnavailableError';
  readonly port: number;
  /** The system's code, e.g. EADDRINUSE. */
  readonly code: string;
  /** Whether the port may become available without a change of the settings. */
  readonly isTransient: boolean;

  constructor(port: number, code: string) {
    const why = PORT_ERROR_TEXTS[code] ?? `cannot be used (${code})`;
    super(`port ${port} ${why}`);
    this.port = port;
    this.code = code;
    this.isTransient = code !== 'EACCES';
  }
}

const PORT_ERROR_TEXTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program on this machine',
  EACCES: 'needs privileges that this process does not have',
};

/**
 * Serves /livez, /readyz and /metrics on all interfaces. Rejects with `HttpPortUnavailableError`.
 */
export async function startHttp(settings: HttpSettings): Promise<HttpEndpoint> {
  if (settings.port === 0) return { port: undefined, close: () => Promise.resolve() };
  const pages = pagesOf(settings);
  const limits = settings.limits ?? DEFAULT_LIMITS;
  const connections = new ConnectionLimit(limits.connections);
  const server = createServer(
    {
      requestTimeout: limits.requestMs,
      headersTimeout: limits.idleMs,
      keepAliveTimeout: limits.idleMs,
      // Node's default is 30 s; until then the two limits for requests would not be enforced.
      connectionsCheckingInterval: limits.checkMs,
      maxHeaderSize: 8192,
    },
    (request, response) => {
      if (connections.accept(request.socket, response)) void respond(pages, request, response);
    },
  );
  server.timeout = limits.requestMs;
  server.on('connection', (socket) => connections.add(socket));
  await listen(server, settings.port === 'any' ? 0 : settings.port);
  return { port: (server.address() as AddressInfo).port, close: (limitMs = 1_000) => close(server, limitMs) };
}

function pagesOf(settings: HttpSettings): ReadonlyMap<string, PageHandler> {
  const readiness = shared(settings.readiness);
  return new Map<string, PageHandler>([
    ['/livez', () => Promise.resolve(json(200, { status: 'alive' }))],
    ['/readyz', async () => readyPage(await withinLimit(readiness(), settings.readinessTimeoutMs))],
    ['/metrics', metricsPage(settings.metrics)],
  ]);
}

/** In the format that the client prefers, of those that there are. */
function metricsPage(metrics: HttpSettings['metrics']): PageHandler {
  const page = (format: MetricsText): (() => Promise<Page>) => {
    const body = shared(() => format.text(), METRICS_FRESH_MS);
    return async () => ({ status: 200, contentType: format.contentType, body: await body() });
  };
  const { openMetrics } = metrics;
  const [usual, other] = [page(metrics), openMetrics === undefined ? undefined : page(openMetrics)];
  return (accept) => (other !== undefined && prefersOpenMetrics(accept) ? other() : usual());
}

function readyPage(readiness: Readiness | 'late' | 'failed'): Page {
  if (readiness === 'late') return json(503, { status: 'not ready', reason: 'the checks took too long' });
  if (readiness === 'failed') return json(503, { status: 'not ready', reason: 'the checks failed' });
  const { ready, checks, reasons = {} } = readiness;
  const status = ready ? 'ready' : 'not ready';
  return json(ready ? 200 : 503, { status, checks, ...(Object.keys(reasons).length > 0 && { reasons }) });
}

function json(status: number, content: object): Page {
  return { status, contentType: 'application/json', body: `${JSON.stringify(content)}\n` };
}

/** Never rejects: a handler that fails becomes a 500 without the reason. */
async function respond(
  pages: ReadonlyMap<string, PageHandler>,
  request: Http.IncomingMessage,
  response: Http.ServerResponse,
): Promise<void> {
  request.resume();
  const handler = pages.get((request.url ?? '').split('?', 1)[0] ?? '');
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (handler !== undefined && !isRead) response.setHeader('Allow', 'GET, HEAD');
  const {
    status,
    contentType = 'text/plain; charset=utf-8',
    body,
  } = await pageFrom(handler, isRead, request.headers.accept);
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function pageFrom(handler: PageHandler | undefined, isRead: boolean, accept?: string): Promise<Page> {
  if (handler === undefined) return { status: 404, body: 'not found\n' };
  if (!isRead) return { status: 405, body: 'method not allowed\n' };
  return handler(accept).catch(() => ({ status: 500, body: 'failed\n' }));
}

/**
 * Returns a function whose calls share one pending call of `load`, and its result for `freshMs`
 * milliseconds. So probes do not pile up on a database that hangs, and readers do not consume the
 * worker's time.
 */
function shared<Value>(load: () => Promise<Value>, freshMs = 0): () => Promise<Value> {
  let pending: Promise<Value> | undefined;
  const forget = (): void => {
    pending = undefined;
  };
  return () => {
    pending ??= load().finally(() => (freshMs === 0 ? forget() : setTimeout(forget, freshMs).unref()));
    return pending;
  };
}

async function withinLimit(readiness: Promise<Readiness>, limitMs: number): Promise<Readiness | 'late' | 'failed'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), limitMs);
  });
  try {
    return await Promise.race([readiness, late]);
  } catch {
    return 'failed';
  } finally {
    clearTimeout(timer);
  }
}

function listen(server: Http.Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void =>
      reject(new HttpPortUnavailableError(port, error.code ?? 'unknown reason'));
    server.once('error', failed);
    server.listen(port, () => {
      server.off('error', failed);
      // Later errors concern single connections (no file descriptors left, for example).
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function close(server: Http.Server, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => server.closeAllConnections(), limitMs);
    // An error here means that the server was closed already.
    server.close(() => {
      clearTimeout(limit);
      resolve();
    });
    server.closeIdleConnections();
  });
}
