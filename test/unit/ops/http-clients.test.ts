import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { Readiness } from '../../../src/ops/http.ts';
import { ask, connected, READY, started } from './http-endpoint.ts';

const limits = { requestMs: 200, idleMs: 100, checkMs: 20, connections: 8 };
const closed = (socket: Socket): Promise<unknown> => {
  socket.on('error', () => undefined).resume();
  return once(socket, 'close');
};

test('half-sent requests on all connections do not lock a probe out', async () => {
  const generous = { ...limits, idleMs: 60_000, requestMs: 60_000 };
  const { endpoint, url } = await started({ limits: generous });
  const sockets = await Promise.all(Array.from({ length: generous.connections }, () => connected(endpoint.port)));
  const ends = sockets.map((socket) => closed(socket));
  for (const socket of sockets) socket.write('GET /livez HTTP/1.1\r\n');
  expect((await ask(url, '/livez')).status).toBe(200);
  await ends[0];
  expect(sockets.slice(2).every((socket) => !socket.destroyed)).toBe(true);
});

test('a connection with a pending response is not closed to make room', async () => {
  let asked: () => void = () => undefined;
  const askedFor = new Promise<void>((resolve) => (asked = resolve));
  let release: (readiness: Readiness) => void = () => undefined;
  const readiness = (): Promise<Readiness> => {
    asked();
    return new Promise((resolve) => (release = resolve));
  };
  const two = { ...limits, idleMs: 60_000, requestMs: 60_000, connections: 2 };
  const { endpoint, url } = await started({ limits: two, readiness, readinessTimeoutMs: 60_000 });
  const answer = ask(url, '/readyz');
  await askedFor;
  const idle = await connected(endpoint.port);
  const cut = closed(idle);
  expect((await ask(url, '/livez')).status).toBe(200);
  await cut;
  release(READY);
  expect((await answer).status).toBe(200);
});

/** Sends `text`, then `more` every 20 ms, so that the connection is never idle. */
function dribble(socket: Socket, text: string, more: string): void {
  socket.write(text);
  const sending = setInterval(() => void socket.write(more), 20);
  socket.once('close', () => clearInterval(sending));
}

test.each([
  ['headers that do not end', 'GET /livez HTTP/1.1\r\n', 'a: b\r\n'],
  ['a body that does not end', 'POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\n', 'a'],
])('%s: the connection is closed after the time limit, even while bytes arrive', async (_, text, more) => {
  const { endpoint } = await started({ limits });
  const socket = await connected(endpoint.port);
  const end = closed(socket);
  dribble(socket, text, more);
  await end;
  expect(socket.destroyed).toBe(true);
});

test('a connection without a request is closed after the time limit', async () => {
  const { endpoint } = await started({ limits });
  const socket = await connected(endpoint.port);
  await closed(socket);
  expect(socket.bytesWritten).toBe(0);
});

test('a connection whose response nobody reads is closed after the time limit', async () => {
  const text = 'x'.repeat(20_000_000);
  let asked = 0;
  const metrics = { contentType: 'text/plain', text: () => Promise.resolve(text.slice((asked += 1))) };
  const { endpoint, url } = await started({ limits: { ...limits, connections: 1 }, metrics });
  const socket = await connected(endpoint.port);
  socket.pause().write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n');
  await expect.poll(() => asked).toBe(1);
  const status = (): Promise<number | undefined> =>
    ask(url, '/livez').then(
      (answer) => answer.status,
      () => undefined,
    );
  await expect.poll(status, { timeout: 4_000 }).toBe(200);
});

test('pipelined requests close their connection and are not processed', async () => {
  const { endpoint, url } = await started({});
  const socket = await connected(endpoint.port);
  let received = '';
  socket.on('data', (bytes: Buffer) => (received += bytes.toString()));
  const end = closed(socket);
  socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1_000));
  await end;
  expect(received.split('HTTP/1.1 200').length - 1).toBeLessThan(2);
  expect((await ask(url, '/livez')).status).toBe(200);
});

test('concurrent readers of /metrics share one text', async () => {
  let asked = 0;
  const metrics = { contentType: 'text/plain', text: () => Promise.resolve(`${(asked += 1)}`) };
  const { url } = await started({ metrics });
  for (let reader = 0; reader < 20; reader += 1) await ask(url, '/metrics');
  expect(asked).toBeLessThan(20);
});
