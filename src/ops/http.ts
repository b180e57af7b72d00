import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** Whether the worker does its work, and which of its conditions hold. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, boolean>>;
}

/** What the endpoint tells, and where. */
export interface HttpSettings {
  /** 0 = no HTTP; `any` = a free port, told by `port`. */
  readonly port: number | 'any';
  /** Asked at each /readyz; while one answer is awaited, further askers share it. */
  readonly readiness: () => Promise<Readiness>;
  /** After this time /readyz answers 503. */
  readonly readinessTimeoutMs: number;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  readonly limits?: HttpLimits;
}

export interface HttpEndpoint {
  /** `undefined` where there is no HTTP. */
  readonly port: number | undefined;
  /** Answers what was asked, closes within `limitMs`. Idempotent; never rejects. */
  close(limitMs?: number): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly contentType?: string;
  readonly body: string;
}

type Page = () => Promise<Answer>;

/** How long clients may take, in milliseconds, and how many there may be. */
export interface HttpLimits {
  /** For a whole request, for a response to be taken, and for silence in between. */
  readonly requestMs: number;
  /** For a request's headers, and for the next request on a connection. */
  readonly idleMs: number;
  /** Node looks so often for requests that are over their time. */
  readonly checkMs: number;
  readonly connections: number;
}

/** A text of all metrics takes some milliseconds to write. */
const METRICS_FRESH_MS = 200;

const DEFAULT_LIMITS: HttpLimits = { requestMs: 10_000, idleMs: 5_000, checkMs: 1_000, connections: 128 };

/** The port cannot be listened on. */
export class HttpPortUnavailableError extends Error {
  override readonly name = 'HttpPortUnavailableError';
  readonly port: number;
  /** The system's, e.g. EADDRINUSE. */
  readonly code: string;
  /** Whether the port may be free later without anybody changing the settings. */
  readonly passing: boolean;

  constructor(port: number, code: string) {
    const why = PORT_TROUBLES[code] ?? `cannot be listened on (${code})`;
    super(`port ${port} ${why}`);
    this.port = port;
    this.code = code;
    this.passing = code !== 'EACCES';
  }
}

const PORT_TROUBLES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program on this machine',
  EACCES: 'needs rights that this process does not have',
};

/**
 * Serves /livez, /readyz and /metrics on all interfaces.
 * Rejects with `HttpPortUnavailableError` where the port cannot be had.
 */
export async function startHttp(settings: HttpSettings): Promise<HttpEndpoint> {
  if (settings.port === 0) return { port: undefined, close: () => Promise.resolve() };
  const pages = pagesOf(settings);
  const limits = settings.limits ?? DEFAULT_LIMITS;
  const connections = new Connections(limits.connections);
  const server = createServer(
    {
      requestTimeout: limits.requestMs,
      headersTimeout: limits.idleMs,
      keepAliveTimeout: limits.idleMs,
      // Node's own default is 30 s: so long the two limits for requests would not be enforced.
      connectionsCheckingInterval: limits.checkMs,
      maxHeaderSize: 8192,
    },
    (request, response) => {
      if (connections.answering(request.socket, response)) void respond(pages, request, response);
    },
  );
  server.timeout = limits.requestMs;
  server.on('connection', (socket) => connections.add(socket));
  await listen(server, settings.port === 'any' ? 0 : settings.port);
  return { port: (server.address() as AddressInfo).port, close: (limitMs = 1_000) => close(server, limitMs) };
}

function pagesOf(settings: HttpSettings): ReadonlyMap<string, Page> {
  const readiness = shared(settings.readiness);
  const metrics = shared(() => settings.metrics.text(), METRICS_FRESH_MS);
  return new Map<string, Page>([
    ['/livez', () => Promise.resolve(json(200, { status: 'alive' }))],
    ['/readyz', async () => readyPage(await withinLimit(readiness(), settings.readinessTimeoutMs))],
    ['/metrics', async () => ({ status: 200, contentType: settings.metrics.contentType, body: await metrics() })],
  ]);
}

function readyPage(readiness: Readiness | 'late' | 'failed'): Answer {
  if (readiness === 'late') return json(503, { status: 'not ready', reason: 'the checks took too long' });
  if (readiness === 'failed') return json(503, { status: 'not ready', reason: 'the checks failed' });
  const { ready, checks } = readiness;
  return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', checks });
}

function json(status: number, content: object): Answer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(content)}\n` };
}

/** Never rejects: a page that fails is a 500 without its reason. */
async function respond(
  pages: ReadonlyMap<string, Page>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  const page = pages.get((request.url ?? '').split('?', 1)[0] ?? '');
  const readable = request.method === 'GET' || request.method === 'HEAD';
  if (page !== undefined && !readable) response.setHeader('Allow', 'GET, HEAD');
  const { status, contentType = 'text/plain; charset=utf-8', body } = await answer(page, readable);
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function answer(page: Page | undefined, readable: boolean): Promise<Answer> {
  if (page === undefined) return { status: 404, body: 'not found\n' };
  if (!readable) return { status: 405, body: 'method not allowed\n' };
  return page().catch(() => ({ status: 500, body: 'failed\n' }));
}

/**
 * At most so many connections. For one more the oldest that waits for its client is cut: half-sent requests, however
 * many, do not keep a probe out.
 */
class Connections {
  readonly #most: number;
  readonly #open = new Set<Socket>();
  readonly #answering = new Set<Socket>();

  constructor(most: number) {
    this.#most = most;
  }

  add(socket: Socket): void {
    if (this.#open.size >= this.#most) {
      const oldest = [...this.#open].find((each) => !this.#answering.has(each)) ?? socket;
      this.#open.delete(oldest);
      oldest.destroy();
      if (oldest === socket) return;
    }
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
  }

  /**
   * Whether the request is to be answered. One that comes before the last one on its connection is answered costs the
   * connection: sent ahead by the thousand they would take all of the worker's time and memory.
   */
  answering(socket: Socket, response: ServerResponse): boolean {
    if (this.#answering.has(socket)) {
      socket.destroy();
      return false;
    }
    this.#answering.add(socket);
    response.once('close', () => this.#answering.delete(socket));
    return true;
  }
}

/**
 * While one call is under way, and for `freshMs` after it, further calls share it: probes must not pile up on a database
 * that hangs, nor readers take the worker's time.
 */
function shared<Value>(ask: () => Promise<Value>, freshMs = 0): () => Promise<Value> {
  let pending: Promise<Value> | undefined;
  const forget = (): void => {
    pending = undefined;
  };
  return () => {
    pending ??= ask().finally(() => (freshMs === 0 ? forget() : setTimeout(forget, freshMs).unref()));
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

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void =>
      reject(new HttpPortUnavailableError(port, error.code ?? 'unknown reason'));
    server.once('error', refused);
    server.listen(port, () => {
      server.off('error', refused);
      // Errors after the start concern single connections (no file descriptors left, for one).
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function close(server: Server, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => server.closeAllConnections(), limitMs);
    // Called with an error where it was closed before: that is fine.
    server.close(() => {
      clearTimeout(limit);
      resolve();
    });
    server.closeIdleConnections();
  });
}
