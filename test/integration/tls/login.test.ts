import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { ContactsClient } from '../../../src/client/index.ts';
import { Authority } from '../../support/certificates.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { startTlsBroker, type TlsServer } from '../../support/tls-servers.ts';
import { contacts } from '../cli/contacts-process.ts';
import { bash, commandsUnder } from '../producers/page-commands.ts';
import { servedWorker, type ServedWorker } from './tls-setup.ts';

const QUEUE = 'contacts.requests';
const page = (heading: string): string =>
  commandsUnder(new URL('../../../docs/operations/security.md', import.meta.url), heading);

let authority: Authority;
let broker: TlsServer;
let url: string;

beforeAll(async () => {
  authority = await Authority.create('authority');
  const server = await authority.issue('server', { names: ['localhost'] });
  broker = await startTlsBroker(authority.ca, server, ['external.conf']);
  url = `amqps://localhost:${broker.port}?auth_mechanism=external`;
});

afterAll(async () => {
  await broker?.remove();
  authority?.remove();
});

/** The settings of a worker that logs in by a certificate with this common name. */
async function settingsOf(name: string): Promise<Record<string, string>> {
  const { cert, key } = await authority.issue(name);
  const { mongodbUrl } = freshNames();
  return {
    AMQP_URL: url,
    AMQP_TLS_CA: authority.ca,
    AMQP_TLS_CERT: cert,
    AMQP_TLS_KEY: key,
    MONGODB_URL: mongodbUrl,
  };
}

async function worker(name: string): Promise<ServedWorker> {
  const served = await servedWorker(QUEUE, await settingsOf(name));
  onTestFinished(async () => void (await served.worker.stop()));
  return served;
}

/** Resolves with what a worker with this certificate reports, once the broker has refused it. */
async function refusalOf(name: string): Promise<unknown> {
  const { readyz } = await worker(name);
  const reason = async (): Promise<unknown> => (await readyz().catch(() => undefined))?.reasons?.['consuming'];
  await expect.poll(reason).toBeDefined();
  return reason();
}

/** Runs the page's commands with the test's broker in place of Compose's. */
async function follow(commands: string): Promise<void> {
  const bin = join(authority.folder, 'bin');
  mkdirSync(bin, { recursive: true });
  const shim = join(bin, 'docker');
  // `compose exec -T rabbitmq` becomes `exec ID`.
  writeFileSync(shim, `#!/bin/sh\nshift 4\nPATH=\${PATH#*:}\nexec docker exec ${broker.id} "$@"\n`);
  chmodSync(shim, 0o755);
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}` };
  const { code, out, err } = await bash(commands, { cwd: authority.folder, env, limitMs: 120_000 });
  expect(code, `${out}\n${err}`).toBe(0);
}

test('a broker without the plugin is named as such', async () => {
  expect(await refusalOf('worker')).toContain('enable its plugin');
});

test('after the commands of the page the certificate is the login, with the rights of the worker', async () => {
  await follow(page('Log in by certificate'));
  const { readyz } = await worker('worker');
  await expect.poll(async () => (await readyz().catch(() => undefined))?.http).toBe(200);
  const columns = ['user', 'auth_mechanism'];
  const listed = await broker.exec('rabbitmqctl', '-q', '--no-table-headers', 'list_connections', ...columns);
  expect(listed.trim().split('\n')).toEqual(['worker\tEXTERNAL', 'worker\tEXTERNAL']);
  const rights = await broker.exec('rabbitmqctl', '-q', '--no-table-headers', 'list_user_permissions', 'worker');
  expect(rights.split('\t').slice(1)).toEqual([
    String.raw`^contacts\.requests(\.dead|\.majority\.[0-9a-f]+)?$`,
    String.raw`^amq\.default$`,
    String.raw`^contacts\.requests$`,
  ]);

  const { cert, key } = await authority.issue('guest');
  const tls = { ca: authority.ca, cert, key };
  const client = await ContactsClient.connect({ url, queue: QUEUE, tls });
  onTestFinished(() => client.close());
  const jane = { clientId: 1, firstName: 'Jane', lastName: 'Döe', email: 'jane@example.org' };
  const { contactId } = await client.create(jane);
  const names = { amqpUrl: url, mongodbUrl: '', queue: QUEUE, database: '' };
  const env = { AMQP_TLS_CA: authority.ca, AMQP_TLS_CERT: cert, AMQP_TLS_KEY: key };
  const got = await contacts(names, ['get', String(contactId), '-o', 'json'], { env });
  expect([got.code, got.err]).toEqual([0, '']);
});

test('a certificate whose name is no user is refused, and so is a password for the user without one', async () => {
  expect(await refusalOf('stranger')).toContain('no user of the name in the certificate');
  const { cert, key } = await authority.issue('worker');
  const byPassword = ContactsClient.connect({
    url: `amqps://worker:worker@localhost:${broker.port}`,
    queue: QUEUE,
    tls: { ca: authority.ca, cert, key },
    timeoutMs: 5_000,
  });
  await expect(byPassword).rejects.toThrow(/ACCESS_REFUSED/);
});

test('the client does not log in as guest where the certificate is missing', async () => {
  const connecting = ContactsClient.connect({ url, queue: QUEUE, tls: { ca: authority.ca } });
  await expect(connecting).rejects.toThrow('url makes the certificate the login, which needs tls.cert and tls.key');
});
