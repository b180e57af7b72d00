import { afterAll, beforeAll, expect, test } from 'vitest';
import { attempt, ROOT, run, type CommandResult } from '../../infrastructure/command.ts';
import { ensureDocker } from '../../infrastructure/docker.ts';
import { connect } from 'amqplib';
import { MongoClient } from 'mongodb';
import { startBroker, startDatabase, type OwnServer } from '../support/servers.ts';

const METHODS = ['create', 'get', 'update', 'list', 'delete'].map((name) => `<request method="contact.${name}">`);

function demo(args: readonly string[] = [], env: Record<string, string> = {}): Promise<CommandResult> {
  const given = { AMQP_URL: '', MONGODB_URL: '', ...env };
  return attempt(process.execPath, ['scripts/demo.ts', ...args], { env: given, limitMs: 500_000 });
}

const containers = (): Promise<string> => run('docker', ['ps', '-a', '-q', '--filter', 'name=^contacts-demo-']);
const workers = async (): Promise<string> => (await attempt('pgrep', ['-f', `${ROOT}dist/main.js`])).stdout;

let own: { broker: OwnServer; database: OwnServer };
let before: { containers: string; workers: string };

beforeAll(async () => {
  await ensureDocker();
  own = { broker: await startBroker(), database: await startDatabase() };
  before = { containers: await containers(), workers: await workers() };
});

afterAll(async () => {
  await Promise.all([own.broker.remove(), own.database.remove()]);
});

test('the demo shows all five methods and a failing request, exits with 0 and leaves nothing running', async () => {
  const { code, stdout, output } = await demo();
  expect(code, output).toBe(0);
  for (const method of METHODS) expect(stdout).toContain(method);
  expect(stdout).toContain('<response status="fail">');
  expect(stdout).toContain('<message>email is missing</message>');
  expect(stdout).toContain('Next:');
  expect({ containers: await containers(), workers: await workers() }).toEqual(before);
});

test('with --keep everything keeps running, and --stop stops it', async () => {
  const { code, stdout, output } = await demo(['--keep']);
  expect(code, output).toBe(0);
  const readyz = /http:\S+\/readyz/.exec(stdout)![0];
  expect((await fetch(readyz)).status).toBe(200);
  expect(await containers()).not.toEqual(before.containers);
  expect(await demo(['--stop'])).toMatchObject({ code: 0 });
  await expect(fetch(readyz)).rejects.toThrow('fetch failed');
  expect({ containers: await containers(), workers: await workers() }).toEqual(before);
});

test('on given servers it leaves existing data alone and removes what it created', async () => {
  const given = { AMQP_URL: own.broker.url, MONGODB_URL: `${own.database.url}/contacts` };
  const client = new MongoClient(own.database.url);
  const databases = async (): Promise<string[]> =>
    (await client.db().admin().listDatabases()).databases.map(({ name }) => name);
  const earlier = await databases();
  const { code, output } = await demo([], given);
  expect(code, output).toBe(0);
  expect(await databases()).toEqual(earlier);
  await client.close();
  const queue = /contacts\.demo\.\w+/.exec(output)![0];
  const connection = await connect(own.broker.url);
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  await expect(channel.checkQueue(queue)).rejects.toThrow('NOT_FOUND');
  await connection.close();
  expect(await containers()).toBe(before.containers);
});

test('given servers that cannot be used end it with clear messages and a non-zero exit code', async () => {
  const { code, output } = await demo([], { AMQP_URL: 'amqp://127.0.0.1:1', MONGODB_URL: 'mongodb://127.0.0.1:1/x' });
  expect(code, output).toBe(1);
  expect(output).toMatch(/AMQP_URL is set, but cannot be used[^]*MONGODB_URL is set, but cannot be used/);
});
