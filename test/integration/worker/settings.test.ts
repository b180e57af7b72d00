import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { contactIdIn, createRequest } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { Requester } from '../../support/requester.ts';
import { freePort, startBroker, type OwnServer } from '../../support/servers.ts';
import type { WorkerProcess } from '../../support/worker-process.ts';
import { workerProcesses } from './worker-processes.ts';

const names = freshNames();
const startProcess = workerProcesses();
const started = (settings: Readonly<Record<string, string>>): WorkerProcess => startProcess(names, settings);

/** Returns the URL with one part changed. */
function altered(url: string, change: (parts: URL) => void): string {
  const parts = new URL(url);
  change(parts);
  return parts.href;
}

function withOptions(url: string, options: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}${options}`;
}

test.each([
  ['MONGODB_URL', 'mongodb://u:S3CR3T@h/contacts?foo=bar', 'foo'],
  ['MONGODB_URL', 'mongodb://u:S3CR3T@h/contacts?tls=maybe', 'tls'],
  ['MONGODB_URL', 'mongodb://u:S3CR3T@h:99999/contacts', 'port'],
  ['MONGODB_URL', 'mongodb://u:S3CR3T%@h/contacts', '%'],
  ['AMQP_URL', 'amqp://u:S3CR3T@h?heartbeat=soon', 'heartbeat'],
  ['AMQP_URL', 'amqp://u:S3CR3T%zz@h', '%'],
  ['REPLY_TO_ALLOW', '(?=S3CR3T)', 'lookaround'],
])('%s=%s prevents the start with exit code 78 and the reason', async (name, value, words) => {
  const worker = started({ [name]: value });
  expect(await worker.exited).toBe(78);
  expect(worker.errors()).toContain(`${name}: `);
  expect(worker.errors()).toContain(words);
  expect(worker.output() + worker.errors()).not.toContain('S3CR3T');
});

test.each([
  ['a wrong virtual host', (url: URL) => (url.pathname = '/nowhere'), 'the broker refuses the virtual host'],
  ['a wrong password', (url: URL) => (url.password = 'S3CR3T'), 'the broker refuses the login'],
  ['TLS where there is none', (url: URL) => (url.href = url.href.replace('amqp:', 'amqps:')), 'does not speak TLS'],
  ['an unknown host', (url: URL) => (url.hostname = 'nowhere.invalid'), ': the host name '],
])('%s in AMQP_URL is logged with its cause and retried', async (_, change, words) => {
  const worker = started({ AMQP_URL: altered(names.amqpUrl, change) });
  await expect.poll(() => worker.output(), { timeout: 20_000 }).toContain(words);
  await expect.poll(() => worker.output().split(words).length, { timeout: 20_000 }).toBeGreaterThan(3);
  expect(worker.child.exitCode).toBeNull();
  expect(worker.output()).not.toMatch(/S3CR3T|nowhere/);
});

test.each([
  [
    'a wrong replica set',
    'replicaSet=nowhere',
    "no server that was asked is in the replica set that the URL's replicaSet names",
  ],
  ['TLS where there is none', 'tls=true', 'TLS at that port'],
])('%s in MONGODB_URL is logged with its cause', async (_, options, words) => {
  const worker = started({ MONGODB_URL: withOptions(names.mongodbUrl, options) });
  await expect.poll(() => worker.output(), { timeout: 20_000 }).toContain(words);
  expect(worker.output()).not.toContain('nowhere');
});

test('a database that refuses the login is logged as such', async () => {
  const worker = started({ MONGODB_URL: names.mongodbUrl.replace('mongodb://', 'mongodb://nobody:S3CR3T@') });
  await expect.poll(() => worker.output(), { timeout: 20_000 }).toContain('the database refuses the login');
  expect(worker.output()).not.toMatch(/S3CR3T|nobody/);
});

test('a reply queue name built against REPLY_TO_ALLOW is refused at once, and the worker continues', async () => {
  const port = String(await freePort());
  const worker = started({ REPLY_TO_ALLOW: '^([a-z0-9]+[-.]?)+$', HTTP_PORT: port });
  const requester = await Requester.open(names.amqpUrl, names.queue);
  onTestFinished(() => requester.close());
  await expect.poll(() => worker.output(), { timeout: 20_000 }).toContain('consuming requests');
  requester.send(createRequest(), { replyTo: `${'a'.repeat(40)}!` });
  await expect.poll(() => worker.output()).toContain('REPLY_TO_NOT_ALLOWED');
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
});

let broker: OwnServer;

beforeAll(async () => {
  broker = await startBroker();
}, 180_000);

afterAll(() => broker.remove());

test('a non-ASCII user name and password log in to a non-ASCII virtual host', async () => {
  const [user, password, vhost] = ['jäne', 'pässwörd€ @:/?#%', 'bücher/€'];
  const rabbitmqctl = (...command: readonly string[]): Promise<string> => broker.exec('rabbitmqctl', ...command);
  await rabbitmqctl('add_user', user, password);
  await rabbitmqctl('add_vhost', vhost);
  await rabbitmqctl('set_permissions', '-p', vhost, user, '.*', '.*', '.*');
  await rabbitmqctl('set_permissions', '-p', vhost, 'guest', '.*', '.*', '.*');
  const [userEncoded, passwordEncoded, vhostEncoded] = [user, password, vhost].map(encodeURIComponent);
  const { host } = new URL(broker.url);
  const worker = started({ AMQP_URL: `amqp://${userEncoded}:${passwordEncoded}@${host}/${vhostEncoded}` });
  await expect.poll(() => worker.output(), { timeout: 20_000 }).toContain('consuming requests');
  const requester = await Requester.open(`${broker.url}/${vhostEncoded}`, names.queue);
  onTestFinished(() => requester.close());
  expect(contactIdIn((await requester.request(createRequest())).xml)).toBeGreaterThan(0);
});
