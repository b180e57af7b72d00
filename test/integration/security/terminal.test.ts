import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { beforeAll, expect, test } from 'vitest';

import { createRequest, jane } from '../../support/documents.ts';
import { runningWorker } from '../../support/running-worker.ts';
import { CLI, contacts } from '../cli/contacts-process.ts';

/** Begins a control sequence in a terminal, as ESC [ does; XML allows it. */
const CSI = '\u009b';
/** Reverses the direction of writing. */
const OVERRIDE = '\u202e';
const running = runningWorker();

beforeAll(async () => {
  const name = `${CSI}2J${OVERRIDE}gpj.exe`;
  const { xml } = await running.requester.request(createRequest({ ...jane, client_id: 7, first_name: name }));
  if (!xml.includes('<contact_id>1</contact_id>')) throw new Error(xml);
});

const COMMANDS = [
  ['get', '1', '-o', 'json'],
  ['get', '1', '-o', 'xml'],
  ['get', '1', '-o', 'table'],
  ['list', '-o', 'json'],
  ...['csv', 'vcf', 'xml', 'ndjson'].map((format) => ['export', '--format', format]),
];

test.each(COMMANDS.map((command) => [command.join(' '), command] as const))(
  'contacts %s writes nothing to a terminal that could control it',
  async (_, command) => {
    const env = {
      PATH: process.env['PATH'],
      AMQP_URL: running.names.amqpUrl,
      REQUEST_QUEUE: running.names.queue,
      TERM: 'xterm',
    };
    const line = ['', process.execPath, CLI, ...command].map((word) => (word === '' ? '' : `"${word}"`)).join(' ');
    const { stdout } = await promisify(execFile)('script', ['-qec', line, '/dev/null'], { env });
    expect(stdout).toContain('gpj.exe');
    expect(stdout).not.toContain(CSI);
    expect(stdout).not.toContain(OVERRIDE);
  },
);

test('a file or a pipe gets the contact as it is', async () => {
  const { out } = await contacts(running.names, ['get', '1', '-o', 'json']);
  expect(JSON.parse(out)).toMatchObject({ first_name: `${CSI}2J${OVERRIDE}gpj.exe` });
});
