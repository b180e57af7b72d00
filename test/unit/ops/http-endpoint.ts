import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { startHttp, type HttpSettings, type Readiness } from '../../../src/ops/http.ts';

export const READY: Readiness = { ready: true, checks: { broker: true, database: true } };

/** Starts an endpoint for the calling test; returns it and its URL. */
export async function started(settings: Partial<HttpSettings> = {}) {
  const endpoint = await startHttp({
    port: 'any',
    readiness: () => Promise.resolve(READY),
    readinessTimeoutMs: 1_000,
    metrics: { contentType: 'text/plain; version=0.0.4', text: () => Promise.resolve('a 1\n') },
    ...settings,
  });
  onTestFinished(() => endpoint.close());
  return { endpoint, url: `http://127.0.0.1:${endpoint.port}` };
}

/** Like fetch, but sends the path unchanged and uses one connection per request. */
export async function ask(url: string, path: string, method = 'GET') {
  const outgoing = httpRequest(url, { path, method, agent: false }).end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, headers: response.headers, body };
}

/** Opens a TCP connection for the calling test. */
export async function connected(port: number | undefined): Promise<Socket> {
  const socket = connect(port ?? 0, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}
