import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createLog, type LogFields, type LogSettings } from '../../../src/ops/log.ts';
import type { RequestReport } from '../../../src/protocol/request-report.ts';

const MARK = 'jane.marked@example.org';
const LOG_MODULE = new URL('../../../src/ops/log.ts', import.meta.url).href;

const line: RequestReport = {
  method: 'contact.create',
  status: 'ok',
  code: 'OK',
  ms: 1.23456,
  referenceId: 'r-1',
  messageId: undefined,
  attempts: 1,
  batch: 3,
  reply: 'routed',
  redelivered: false,
  repeated: false,
  timeline: {
    receivedAt: 1,
    admittedAt: 1,
    decodedAt: 1,
    run: undefined,
    concludedAt: 1,
    encodedAt: 1,
    repliedAt: 2.23456,
  },
};

type Line = Record<string, unknown>;

/** A log that writes to a file, and a function that flushes and reads it. */
function logToFile(settings: Partial<LogSettings> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'log-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const destination = join(folder, 'log');
  const log = createLog({ level: 'info', destination, ...settings });
  const lines = async (): Promise<Line[]> => {
    await log.flush();
    return jsonLines(readFileSync(destination, 'utf8'));
  };
  return { log, lines, text: () => readFileSync(destination, { encoding: 'utf8', flag: 'a+' }) };
}

function jsonLines(text: string): Line[] {
  return text
    .split('\n')
    .filter((part) => part !== '')
    .map((part) => JSON.parse(part) as Line);
}

test('a request is one line with all its fields', async () => {
  const { log, lines } = logToFile({ worker: 'w1' });
  log.request(line);
  const [written, ...more] = await lines();
  expect(more).toEqual([]);
  expect(written).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
    worker: 'w1',
    method: 'contact.create',
    status: 'ok',
    code: 'OK',
    ms: 1.235,
    request_id: 'r-1',
    attempts: 1,
    batch: 3,
    reply: 'routed',
    redelivered: false,
    repeated: false,
    msg: 'request',
  });
});

test('a request that failed by a defect is an error line without the message of the error', async () => {
  const { log, lines } = logToFile({ level: 'error' });
  log.request(line);
  log.request({
    ...line,
    status: 'fail',
    code: 'INTERNAL_ERROR',
    error: Object.assign(new Error(MARK), { code: 121 }),
  });
  const written = await lines();
  expect(written).toMatchObject([{ level: 'error', code: 'INTERNAL_ERROR', error: { name: 'Error', code: 121 } }]);
  expect(JSON.stringify(written)).not.toContain(MARK);
});

test('the line of a request that failed by a defect does not wait for others', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { log, text } = logToFile();
  log.request(line);
  log.request({ ...line, error: new Error(MARK) });
  // Not `expect.poll`, which advances the timers.
  while (!text().includes('"level":"error"')) await new Promise((resolve) => setImmediate(resolve));
  expect(jsonLines(text())).toHaveLength(2);
});

test('unlisted fields are dropped, and so are objects in listed fields', async () => {
  const { log, lines } = logToFile();
  const fields = { queue: 'q', email: MARK, body: MARK, reason: { email: MARK }, __proto__: { link: MARK } };
  log.warn('something', fields as unknown as LogFields);
  expect(await lines()).toEqual([{ level: 'warn', time: expect.any(String) as string, queue: 'q', msg: 'something' }]);
});

test('every listed field is written', async () => {
  const { log, lines } = logToFile();
  const texts = {
    argument: 'a',
    database: 'b',
    link: 'c',
    method: 'd',
    queue: 'e',
    reason: 'f',
    request_id: 'g',
    signal: 'h',
    version: 'i',
  };
  const receipt = { acknowledged: 8, dead_lettered: 9, delivered: 10, handed_back: 11, lost: 12 };
  const numbers = { attempt: 1, count: 2, delay_ms: 3, exit_code: 4, in_flight: 5, ms: 6, port: 7, ...receipt };
  const fields: Required<LogFields> = { ...texts, ...numbers };
  log.info('all', fields);
  expect((await lines())[0]).toMatchObject(fields);
});

test('producer input cannot add a second line or an endless line', async () => {
  const { log, lines } = logToFile();
  log.request({
    ...line,
    referenceId: `a\n{"level":"error"}\r\u2028${'x'.repeat(10_000)}`,
    method: 'm'.repeat(10_000),
  });
  const [written, ...more] = await lines();
  expect(more).toEqual([]);
  expect(String(written?.['request_id'])).toHaveLength(256);
  expect(String(written?.['method'])).toHaveLength(256);
});

test.each(['debug', 'info', 'warn', 'error'] as const)(
  'level %s writes its own lines and those of higher levels',
  async (level) => {
    const { log, lines } = logToFile({ level });
    const levels = ['debug', 'info', 'warn', 'error'] as const;
    for (const each of levels) log[each]('x');
    expect((await lines()).map((written) => written['level'])).toEqual(levels.slice(levels.indexOf(level)));
  },
);

test('silent writes nothing and flushes', async () => {
  const { log, lines } = logToFile({ level: 'silent' });
  log.error('x');
  expect(await lines()).toEqual([]);
});

/**
 * Runs a program that logs 20,000 lines to standard output: a pipe that `read` reads, or where the
 * redirection `shell` sends it.
 */
async function runProgram(ending: string, read: (stdout: NodeJS.ReadableStream) => Promise<string>, shell = '') {
  const program = `
    import { createLog } from ${JSON.stringify(LOG_MODULE)};
    const log = createLog({ level: 'info' });
    for (let count = 0; count < 20000; count += 1) log.info('line', { count });
    ${ending}`;
  const node = [process.execPath, '--input-type=module', '--no-warnings', '--eval', program];
  const child = spawn('sh', ['-c', `exec "$0" "$@" ${shell}`, ...node], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exit = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const output = await read(child.stdout);
  return { ...(await exit), output };
}

async function readAll(stdout: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stdout) text += String(chunk);
  return text;
}

test('no line is lost if the process exits after a flush', async () => {
  const { code, output } = await runProgram('process.exit((await log.flush(10_000)) ? 3 : 4);', readAll);
  expect(code).toBe(3);
  const counts = jsonLines(output).map((written) => written['count']);
  expect(counts).toEqual(Array.from({ length: 20_000 }, (_, count) => count));
});

test('no line is lost if the process ends by itself', async () => {
  const { code, output } = await runProgram('', readAll);
  expect(code).toBe(0);
  expect(jsonLines(output)).toHaveLength(20_000);
});

test('flush ends in time without a reader, and the process can exit', async () => {
  const ending = "if (!(await log.flush(50))) process.kill(process.pid, 'SIGTERM');";
  const { signal } = await runProgram(ending, () => Promise.resolve(''));
  expect(signal).toBe('SIGTERM');
});

test('a reader that closes does not end the process', async () => {
  const { code } = await runProgram('setTimeout(() => { log.info("more"); }, 20); await log.flush(500);', (stdout) => {
    (stdout as unknown as { destroy(): void }).destroy();
    return Promise.resolve('');
  });
  expect(code).toBe(0);
});

test.each([
  ['exits after a flush', 'await log.flush(10_000); process.exit(3);', 3],
  ['exits without one', 'process.exit(3);', 3],
  ['ends by itself', '', 0],
])('a full disk does not block a process that %s', async (_, ending, expected) => {
  const { code } = await runProgram(ending, readAll, '> /dev/full');
  expect(code).toBe(expected);
});

test('lines after the reader has closed are counted as dropped', async () => {
  const ending = `
    while (log.dropped() === 0) { log.info('more'); await new Promise((resolve) => setTimeout(resolve, 5)); }
    await log.flush();
    const before = log.dropped();
    log.info('more'); log.info('more');
    while (log.dropped() - before < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    process.exit(log.dropped() - before);`;
  const { code } = await runProgram(ending, (stdout) => {
    (stdout as unknown as { destroy(): void }).destroy();
    return Promise.resolve('');
  });
  expect(code).toBe(2);
});

test('lines beyond the buffer limit are dropped and counted', async () => {
  const { log } = logToFile();
  const name = 'q'.repeat(255);
  for (let count = 0; count < 40_000; count += 1) log.info('x', { queue: name, reason: name });
  expect(log.dropped()).toBeGreaterThan(0);
  await log.flush(10_000);
});
