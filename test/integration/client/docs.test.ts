import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, onTestFinished, test } from 'vitest';

import { runningWorker } from '../../support/running-worker.ts';

const running = runningWorker();
const DOOR = new URL('../../../src/client/index.ts', import.meta.url).href;

test('the program in docs/client.md does what it says', async () => {
  const page = readFileSync(new URL('../../../docs/client.md', import.meta.url), 'utf8');
  const [, program = ''] = /^```ts\n(.*?)^```$/ms.exec(page) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'contacts-docs-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'program.mts');
  writeFileSync(file, program.replace("'contacts-worker/client'", `'${DOOR}'`));
  const { amqpUrl: AMQP_URL, queue: REQUEST_QUEUE } = running.names;
  const env = { ...process.env, AMQP_URL, REQUEST_QUEUE };
  const { stdout } = await promisify(execFile)(process.execPath, [file], { env });
  expect(stdout.trim().split('\n')).toEqual([
    'repeated: true',
    'phone: +44 20 7946 0000',
    'listed: jane@example.com',
    'refused: email INVALID_PARAMS',
    'gone: true',
  ]);
});
