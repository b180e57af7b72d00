import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { startHttp } from '../../../src/ops/http.ts';

const HEALTH_CHECK = fileURLToPath(new URL('../../../deploy/worker/healthcheck.mjs', import.meta.url));

let port = '';
let ready = true;

beforeAll(async () => {
  const endpoint = await startHttp({
    port: 'any',
    readiness: () => Promise.resolve({ ready, checks: {} }),
    readinessTimeoutMs: 1_000,
    metrics: { contentType: 'text/plain', text: () => Promise.resolve('') },
  });
  port = String(endpoint.port);
  return () => endpoint.close();
});

/** Returns the health check's exit code and output. */
async function check(environment: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const child = spawn(process.execPath, [HEALTH_CHECK, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}

function file(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'healthcheck-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'port');
  writeFileSync(path, content);
  return path;
}

test('a worker that answers is healthy; one that is not ready is not', async () => {
  expect(await check({ HTTP_PORT: port })).toEqual({ code: 0, output: '' });
  expect((await check({ HTTP_PORT: port }, '/readyz')).code).toBe(0);
  ready = false;
  onTestFinished(() => void (ready = true));
  expect((await check({ HTTP_PORT: port }, '/readyz')).code).toBe(1);
  expect((await check({ HTTP_PORT: port }, '/livez')).code).toBe(0);
});

test.each(['', '\n', '\r\n'])(
  'the port is read from the file of HTTP_PORT_FILE, as the worker reads it (%j behind it)',
  async (end) => {
    expect((await check({ HTTP_PORT_FILE: file(`${port}${end}`) })).code).toBe(0);
    expect((await check({ HTTP_PORT: '', HTTP_PORT_FILE: file(`\uFEFF${port}${end}`) })).code).toBe(0);
  },
);

test('proxies in the environment are ignored', async () => {
  let asked = 0;
  const proxy = createServer((socket) => {
    asked += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void proxy.close());
  await once(proxy, 'listening');
  const address = proxy.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const environment = { HTTP_PORT: port, NODE_USE_ENV_PROXY: '1', HTTP_PROXY: url, http_proxy: url };
  expect(await check(environment)).toEqual({ code: 0, output: '' });
  expect(asked).toBe(0);
});

test('other settings, readable or not, do not matter', async () => {
  expect((await check({ HTTP_PORT: port, AMQP_URL_FILE: '/nowhere', PREFETCH: 'many' })).code).toBe(0);
});

test('an unreadable port file, or no worker, gives one line and exit code 1', async () => {
  expect(await check({ HTTP_PORT_FILE: '/nowhere' })).toEqual({ code: 1, output: 'ENOENT\n' });
  expect(await check({ HTTP_PORT: '1' })).toEqual({ code: 1, output: 'ECONNREFUSED\n' });
});

test('without HTTP nothing is requested', async () => {
  expect((await check({ HTTP_PORT_FILE: file('0\n') })).code).toBe(0);
});
