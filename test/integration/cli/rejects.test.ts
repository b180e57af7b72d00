import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, test } from 'vitest';

import { runningWorker } from '../../support/running-worker.ts';
import { CLI, contacts, tempFile, type CommandOptions, type Ended } from './contacts-process.ts';

const running = runningWorker();
const run = (args: readonly string[], options?: CommandOptions): Promise<Ended> =>
  contacts(running.names, args, options);

const HEAD = 'first_name,last_name,email\n';
const GOOD = 'A,B,c@d.e\n';
const BAD = 'A,B,nonsense\n';

/** Contacts of the client. */
async function countOf(client: number): Promise<number> {
  const { out }: Ended = await run(['list', '--client-id', String(client), '-o', 'json']);
  return (JSON.parse(out) as unknown[]).length;
}

/** A path in a folder of its own, where nothing is. */
function freePath(name = 'rejected.csv'): string {
  return join(dirname(tempFile('neighbour', '')), name);
}

test('a file for the rejected rows that cannot be written is reported before a row is sent', async () => {
  const file = tempFile('people.csv', HEAD + GOOD + BAD);
  const unusable: readonly (readonly [path: string, code: string])[] = [
    [join(freePath('none'), 'rejected.csv'), 'ENOENT'],
    [dirname(freePath()), 'EISDIR'],
    [join(file, 'rejected.csv'), 'ENOTDIR'],
  ];
  for (const [path, reason] of unusable) {
    const { code, err } = await run(['import', file, '--client-id', '100', '--rejects', path]);
    expect(code).toBe(2);
    expect(err).toContain(`The rejected rows cannot be written to ${path}: ${reason}`);
  }
  expect(await countOf(100)).toBe(0);
});

test('the rejected rows may not replace the file that is imported, under whatever name', async () => {
  const file = tempFile('people.csv', HEAD + GOOD);
  const link = join(dirname(file), 'link');
  symlinkSync(file, link);
  const { code, err } = await run(['import', file, '--dry-run', '--rejects', link]);
  expect(code).toBe(2);
  expect(err).toContain('must be another file');
  expect(readFileSync(file, 'utf8')).toBe(HEAD + GOOD);
});

test('the rejected rows may not replace the file behind standard input', () => {
  const file = tempFile('people.csv', HEAD + GOOD);
  const args = ['import', '-', '--format', 'csv', '--dry-run', '--rejects', file];
  const shell = ['-c', '"$@" < "$0"', file, process.execPath, CLI, ...args];
  expect(spawnSync('sh', shell).status).toBe(2);
  expect(readFileSync(file, 'utf8')).toBe(HEAD + GOOD);
});

test('without rejected rows an earlier file stays, and no new one does', async () => {
  const file = tempFile('people.csv', HEAD + GOOD);
  const earlier = tempFile('rejected.csv', 'of an earlier run');
  const { code, err } = await run(['import', file, '--client-id', '1', '--dry-run', '--rejects', earlier]);
  expect(code).toBe(0);
  expect(err).toContain(`No row was rejected: ${earlier} is left as it was, and is not of this run.`);
  expect(readFileSync(earlier, 'utf8')).toBe('of an earlier run');
  const path = freePath();
  const quiet = await run(['import', file, '--client-id', '1', '--dry-run', '--rejects', path]);
  expect(quiet).toMatchObject({ code: 0, err: expect.not.stringContaining('No row was rejected') });
  expect(existsSync(path)).toBe(false);
});

test('an import that sends nothing leaves the earlier file, and creates none', async () => {
  const file = tempFile('people.csv', HEAD + BAD);
  const earlier = tempFile('rejected.csv', 'of an earlier run');
  const unknown = await run(['import', file, '--dry-run', '--map', 'x=email', '--rejects', earlier]);
  expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('There is no column "x".') });
  expect(readFileSync(earlier, 'utf8')).toBe('of an earlier run');
  const path = freePath();
  const unreachable = await run(['import', file, '--url', 'amqp://127.0.0.1:1', '--rejects', path]);
  expect(unreachable).toMatchObject({ code: 69 });
  expect(readdirSync(dirname(path))).toEqual(['neighbour']);
});

test('rejected rows replace those of an earlier run, also where these are more', async () => {
  const file = tempFile('people.csv', HEAD + BAD);
  const earlier = tempFile('rejected.csv', 'x'.repeat(10_000));
  const { code } = await run(['import', file, '--client-id', '1', '--dry-run', '--rejects', earlier]);
  expect(code).toBe(1);
  expect(readFileSync(earlier, 'utf8')).toMatch(/^first_name,last_name,email,rejected_because\nA,B,nonsense,.*\n$/);
});

test('only the caller may read a new file of rejected rows', async () => {
  const path = freePath();
  const file = tempFile('people.csv', HEAD + BAD);
  expect(await run(['import', file, '--client-id', '1', '--dry-run', '--rejects', path])).toMatchObject({ code: 1 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a full disk under the rejected rows ends the import with true totals, and a second run repeats nothing', async () => {
  const client = 200;
  const link = freePath('full');
  symlinkSync('/dev/full', link);
  const file = tempFile('people.csv', HEAD + GOOD.repeat(3) + BAD.repeat(2_000) + GOOD.repeat(3));
  const args = ['import', file, '--client-id', String(client), '--in-flight', '2', '-o', 'json', '--rejects'];
  const { code, out, err } = await run([...args, link]);
  expect(code).toBe(1);
  expect(err).toContain(`The rejected rows cannot be written to ${link}: ENOSPC`);
  expect(err).toContain('Run the same command again to go on');
  expect(err).not.toContain('The rejected rows are in');
  const { rows, created, rejected } = JSON.parse(out) as { rows: number; created: number; rejected: number };
  expect(created).toBe(3);
  expect(rows).toBe(created + rejected);
  expect(rows).toBeLessThan(2_003);
  const again = await run([...args, freePath()]);
  expect(JSON.parse(again.out)).toMatchObject({ created: 3, repeated: 3, rejected: 2_000 });
  expect(await countOf(client)).toBe(6);
});

test('a link to a device stays, and nothing is removed behind it', async () => {
  const file = tempFile('people.csv', HEAD + GOOD);
  const link = join(dirname(file), 'link');
  symlinkSync('/dev/null', link);
  expect(await run(['import', file, '--client-id', '1', '--dry-run', '--rejects', link])).toMatchObject({ code: 0 });
  expect(existsSync(link)).toBe(true);
});
