import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { contactIdIn, createRequest } from '../../support/documents.ts';
import { freshNames, type FreshNames } from '../../support/fresh-names.ts';
import { Requester } from '../../support/requester.ts';
import { freePort } from '../../support/servers.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import type { ProcessOptions, WorkerProcess } from '../../support/worker-process.ts';
import { proxiedDatabaseUrl } from './proxied-database.ts';
import { workerProcesses } from './worker-processes.ts';

const names = freshNames();
let requester: Requester;
const startProcess = workerProcesses();

beforeAll(async () => {
  requester = await Requester.open(names.amqpUrl, names.queue);
});

afterAll(() => requester.close());

/** Starts a worker and waits until it is ready, without reading its standard output. */
async function ready(
  options: ProcessOptions = {},
  settings: Readonly<Record<string, string>> = {},
  where: FreshNames = names,
): Promise<WorkerProcess> {
  const port = await freePort();
  const worker = startProcess(where, { HTTP_PORT: String(port), ...settings }, options);
  const isReady = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  await expect.poll(() => isReady().catch(() => false), { timeout: 20_000 }).toBe(true);
  return worker;
}

/**
 * Sends SIGTERM; returns the exit code and the milliseconds until the exit. The test's time limit
 * bounds the wait.
 */
async function stopped(worker: WorkerProcess): Promise<{ code: number | string; ms: number }> {
  const since = performance.now();
  worker.signal('SIGTERM');
  return { code: await worker.exited, ms: performance.now() - since };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'endings-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** Creates a full named pipe whose reader is stuck; returns its path. */
function fullPipe(): string {
  const pipe = join(folder(), 'pipe');
  execFileSync('sh', ['-c', 'mkfifo "$0"', pipe]);
  const reader = spawn('sh', ['-c', 'exec sleep 600 < "$0"', pipe], { stdio: 'ignore' });
  onTestFinished(() => void reader.kill('SIGKILL'));
  // Opening waits for the reader; 64 KiB is the capacity of the pipe.
  execFileSync('sh', ['-c', 'head -c 65536 /dev/zero > "$0"', pipe]);
  return pipe;
}

test('standard output on a full disk: requests are answered, and the process exits with the code of the drain', async () => {
  const worker = await ready({ redirection: '> /dev/full' });
  const answers = await Promise.all(Array.from({ length: 20 }, () => requester.request(createRequest())));
  expect(new Set(answers.map(({ xml }) => contactIdIn(xml))).size).toBe(20);
  expect((await stopped(worker)).code).toBe(0);
});

test('standard output with a stuck reader: the process exits with the code of the drain', async () => {
  const worker = await ready({ redirection: `> "${fullPipe()}"` });
  await requester.request(createRequest());
  expect((await stopped(worker)).code).toBe(0);
});

test('standard output with a closed reader: the process exits with the code of the drain', async () => {
  const worker = await ready();
  worker.child.stdout?.destroy();
  await requester.request(createRequest());
  expect((await stopped(worker)).code).toBe(0);
});

test('a shutdown with a silent broker and a silent database ends within the drain time plus seven seconds', async () => {
  const [broker, database] = [await TcpProxy.before(names.amqpUrl), await TcpProxy.before(names.mongodbUrl)];
  onTestFinished(async () => {
    await Promise.all([broker.close(), database.close()]);
  });
  const worker = await ready(
    {},
    { DRAIN_TIMEOUT_MS: '1000' },
    {
      ...names,
      amqpUrl: broker.url(names.amqpUrl),
      mongodbUrl: proxiedDatabaseUrl(database, names.mongodbUrl),
    },
  );
  broker.silenceForGood();
  database.silenceForGood();
  const { ms } = await stopped(worker);
  expect(ms).toBeLessThan(8_000);
  expect(worker.output()).toContain('"msg":"stopped"');
});

test('uncaught errors end the process with code 1, and their messages are not written', async () => {
  const words = 'Zaphod@example.org';
  const preload = `
    process.once('SIGUSR2', () => {
      for (let nth = 0; nth < 3; nth += 1) {
        setImmediate(() => { throw new Error(${JSON.stringify(words)}); });
        setImmediate(() => { Promise.reject(new Error(${JSON.stringify(words)})); });
        setImmediate(() => { throw { get name() { throw new Error(${JSON.stringify(words)}); } }; });
        setImmediate(() => { throw Object.defineProperty(new Error(), 'name', { get() { throw new Error(${JSON.stringify(words)}); } }); });
      }
    });`;
  const worker = await ready({ nodeOptions: ['--import', `data:text/javascript,${encodeURIComponent(preload)}`] });
  worker.signal('SIGUSR2');
  expect(await worker.exited).toBe(1);
  expect(worker.output()).toContain('uncaught error, exiting');
  expect(worker.output() + worker.errors()).not.toContain(words);
});

test('an HTTP port in use exits with 1 and is named', async () => {
  const other = createServer().listen(0);
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const worker = startProcess(names, { HTTP_PORT: String(port) });
  expect(await worker.exited).toBe(1);
  expect(worker.output()).toContain(`HTTP_PORT cannot be used`);
  expect(worker.output()).toContain(`port ${port} is in use`);
});
