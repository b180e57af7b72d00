import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { openStore } from '../../../src/mongo/store.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { runningWorker } from '../../support/running-worker.ts';
import { createRequest } from '../../support/documents.ts';
import { Queues } from '../dead-letters/letters.ts';
import { bash, folderOfContacts, type Ended } from '../producers/page-commands.ts';
import { stepsOf } from '../producers/page-session.ts';

const PAGE = new URL('../../../docs/cli.md', import.meta.url);
const LIMIT_MS = 50_000;
const running = runningWorker();
const { mongodbUrl: claimsUrl } = freshNames();
const folder = mkdtempSync(join(tmpdir(), 'contacts-examples-'));
const path = `${folderOfContacts()}${delimiter}${process.env['PATH']}`;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the examples find: a worker that answers, and files. */
const SURROUNDINGS = `
# A watch ends by Ctrl-C, and so does the console, whose port may be in use here.
interrupted() {
  local code=0
  : > shown
  # The console speaks on its standard error.
  command contacts "$@" > shown 2>&1 &
  # Until it shows something, or has ended by itself.
  until [ -s shown ] || ! kill -0 $!; do sleep 0.1; done
  kill -s INT $! || true
  wait $! || code=$?
  cat shown
  return $code
}
contacts() {
  case $1 in
    watch) interrupted "$@" ;;
    console) interrupted "$@" --port 0 ;;
    # In a database of its own, as the worker here writes no claims.
    claims) MONGODB_URL=$CLAIMS_MONGODB_URL command contacts "$@" --wait 0.1 ;;
    *) command contacts "$@" ;;
  esac
}
# The place of zsh's completions.
fpath=(none "$HOME")
if ! command -v jq > /dev/null; then jq() { cat; }; fi
`;

function run(command: string): Promise<Ended> {
  const { amqpUrl, queue, mongodbUrl } = running.names;
  const env = { PATH: path, HOME: folder, AMQP_URL: amqpUrl, REQUEST_QUEUE: queue, CLAIMS_MONGODB_URL: claimsUrl };
  const here = command.replace('mongodb://db/contacts', mongodbUrl).replace('/run/secrets/console-token', 'token');
  const commands = `set -o pipefail\n${SURROUNDINGS}\n${here}`;
  return bash(commands, { cwd: folder, env, limitMs: LIMIT_MS });
}

beforeAll(async () => {
  mkdirSync(join(folder, 'requests'));
  mkdirSync(join(folder, '.config/fish/completions'), { recursive: true });
  for (const name of ['request.xml', 'requests/one.xml', 'requests/other.xml']) {
    writeFileSync(join(folder, name), createRequest());
  }
  writeFileSync(join(folder, 'token'), 'a-token-of-the-operators\n', { mode: 0o600 });
  const people = Array.from({ length: 30 }, (_, i) => `1,Jane,Doe,jane${i}@example.org,private${i}@example.org`);
  const head = 'client_id,first_name,last_name,email,E-Mail privat';
  writeFileSync(join(folder, 'people.csv'), `${[head, ...people].join('\n')}\n`);
  // So many that the contact_ids of the examples exist.
  const { code, err } = await run('contacts import people.csv --message-id before');
  if (code !== 0) throw new Error(err);
  await letters();
  const store = openStore(claimsUrl, { sharded: true });
  await store.prepare();
  await store.close();
});

/** The dead letters that the examples name. */
async function letters(): Promise<void> {
  const queues = await Queues.declare(running.names);
  try {
    await queues.bury('INTERNAL_ERROR', { messageId: 'order-4711' });
    await queues.bury('expired');
  } finally {
    await queues.close();
  }
}

/** The lines under `Examples:`. */
function examplesIn(help: string): string[] {
  const [, examples = ''] = help.split('Examples:\n');
  return examples.trimEnd().split('\n\n', 1)[0]!.split('\n').map(plain);
}

function plain(line: string): string {
  return line.replace(/ {2,}#.*$/, '').trim();
}

const { out: overview } = await bash('contacts --help', { cwd: folder, env: { PATH: path }, limitMs: LIMIT_MS });
const names = [...(/Commands:\n([^]*?)\n\n/.exec(overview)?.[1] ?? '').matchAll(/^ {2}([a-z-]+)/gm)].map(
  ([, name]) => name!,
);
const commands = names.filter((name) => name !== 'help');
const helps = await Promise.all(
  ['', ...commands].map((name) =>
    bash(`contacts ${name} --help`, { cwd: folder, env: { PATH: path }, limitMs: LIMIT_MS }),
  ),
);
const page = stepsOf(PAGE).flatMap((step) => step.commands.trim().split('\n').map(plain));
const examples = [...new Set([...helps.flatMap(({ out }) => examplesIn(out)), ...page])].filter((line) => line !== '');

test.each(commands.map((name, at) => [name, at] as const))('contacts %s --help has examples', (name, at) => {
  const own = examplesIn(helps[at + 1]!.out);
  expect(own.length).toBeGreaterThan(0);
  for (const example of own) expect(example).toContain(`contacts ${name}`);
});

test.each(examples)('%s', async (example) => {
  const { code, out, err } = await run(example);
  expect({ code, out, err }).toMatchObject({ code: 0 });
});

test('docs/cli.md has examples of its own', () => {
  expect(readFileSync(PAGE, 'utf8')).toContain('```sh\ncontacts ');
  expect(page.length).toBeGreaterThan(5);
});
