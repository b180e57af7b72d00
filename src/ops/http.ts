import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

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

const LONGEST_REQUEST_MS = 10_000;
const LONGEST_IDLE_MS = 5_000;
const MOST_CONNECTIONS = 128;

/**
 * Serves /livez, /readyz and /metrics on all interfaces.
 * Rejects where the port cannot be had, with the system's error.
 */
export async function startHttp(settings: HttpSettings): Promise<HttpEndpoint> {
  if (settings.port === 0) return { port: undefined, close: () => Promise.resolve() };
  const pages = pagesOf(settings);
  const server = createServer(
    {
      requestTimeout: LONGEST_REQUEST_MS,
      headersTimeout: LONGEST_IDLE_MS,
      keepAliveTimeout: LONGEST_IDLE_MS,
      maxHeaderSize: 8192,
    },
    (request, response) => void respond(pages, request, response),
  );
  server.maxConnections = MOST_CONNECTIONS;
  await listen(server, settings.port === 'any' ? 0 : settings.port);
  return { port: (server.address() as AddressInfo).port, close: (limitMs = 1_000) => close(server, limitMs) };
}

function pagesOf(settings: HttpSettings): ReadonlyMap<string, Page> {
  const readiness = shared(settings.readiness);
  return new Map<string, Page>([
    ['/livez', () => Promise.resolve(json(200, { status: 'alive' }))],
    ['/readyz', async () => readyPage(await withinLimit(readiness(), settings.readinessTimeoutMs))],
    [
      '/metrics',
      async () => ({ status: 200, contentType: settings.metrics.contentType, body: await settings.metrics.text() }),
    ],
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

/** While one call is under way, further calls share it: probes must not pile up on a database that hangs. */
function shared<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let pending: Promise<Value> | undefined;
  return () => {
    pending ??= ask().finally(() => {
      pending = undefined;
    });
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
    server.once('error', reject);
    server.listen(port, () => {
      server.off('error', reject);
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
