import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

import { ContactsClient } from '../../../src/client/index.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { startProcess } from '../../support/worker-process.ts';
import { contacts } from '../cli/contacts-process.ts';
import { servedWorker, tlsSetup, type ServedWorker } from './tls-setup.ts';

const setup = tlsSetup();
const jane = { clientId: 1, firstName: 'Jane', lastName: 'Döe', email: 'jane@example.org' };

async function readyWorker(queue: string, settings: Readonly<Record<string, string>>): Promise<ServedWorker> {
  const served = await servedWorker(queue, settings);
  onTestFinished(async () => void (await served.worker.stop()));
  await expect.poll(async () => (await served.readyz().catch(() => undefined))?.http).toBe(200);
  return served;
}

async function connectedClient(queue: string): Promise<ContactsClient> {
  const { ca } = setup.authority;
  const { cert, key } = setup.client;
  const client = await ContactsClient.connect({ url: setup.amqpUrl, queue, tls: { ca, cert, key } });
  onTestFinished(() => client.close());
  return client;
}

/** The subjects of the certificates that the broker sees from workers' connections. */
async function subjectsAtBroker(): Promise<string[]> {
  const columns = ['client_properties', 'peer_cert_subject', 'ssl'];
  const listed = await setup.broker.exec('rabbitmqctl', '-q', '--no-table-headers', 'list_connections', ...columns);
  const lines = listed.split('\n').filter((line) => /contacts-worker (consume|publish)/.test(line));
  expect(lines.every((line) => line.endsWith('true'))).toBe(true);
  return lines.map((line) => /CN=([\w-]+)/.exec(line)?.[1] ?? 'none').toSorted();
}

test('a worker and a client with certificates create and read a contact over TLS', async () => {
  await readyWorker('tls.methods', setup.settings);
  const client = await connectedClient('tls.methods');
  const { contactId } = await client.create(jane);
  expect(await client.get(contactId)).toMatchObject({ email: jane.email, lastName: 'Döe' });
  expect(await subjectsAtBroker()).toEqual(['worker', 'worker']);
});

test('replaced certificates are used by the next connection, without a restart', async () => {
  const path = (name: string): string => join(setup.authority.folder, `rotating-${name}`);
  const install = ({ cert, key, both }: typeof setup.client): void => {
    copyFileSync(cert, path('cert.pem'));
    copyFileSync(key, path('key.pem'));
    copyFileSync(both, path('both.pem'));
  };
  install(setup.client);
  const [toBroker, toDatabase] = await Promise.all([TcpProxy.before(setup.amqpUrl), TcpProxy.before(setup.mongodbUrl)]);
  onTestFinished(async () => void (await Promise.all([toBroker.close(), toDatabase.close()])));
  const { worker, readyz } = await readyWorker('tls.rotation', {
    ...setup.settings,
    AMQP_URL: `amqps://guest:guest@localhost:${toBroker.port}`,
    AMQP_TLS_CERT: path('cert.pem'),
    AMQP_TLS_KEY: path('key.pem'),
    MONGODB_URL: `mongodb://localhost:${toDatabase.port}/contacts?tls=true`,
    MONGODB_TLS_CERT_KEY: path('both.pem'),
  });
  expect(await subjectsAtBroker()).toEqual(['worker', 'worker']);

  // A certificate that the servers do not accept shows that both connections read the files.
  install(await setup.stranger.issue('intruder'));
  toBroker.cut();
  toDatabase.cut();
  const refusal = "the server does not trust the authority of the client's certificate";
  const reasons = async (): Promise<unknown> => (await readyz()).reasons;
  const refused = expect.stringContaining(refusal) as string;
  await expect.poll(reasons).toEqual({ consuming: refused, publishing: refused, database: refused });

  // Half of a replacement: it passes by itself.
  const renewed = await setup.authority.issue('renewed');
  copyFileSync(renewed.cert, path('cert.pem'));
  await expect.poll(reasons).toMatchObject({ consuming: expect.stringContaining('does not match') as string });

  install(renewed);
  await expect.poll(async () => (await readyz()).http).toBe(200);
  expect(await reasons()).toBeUndefined();
  expect(await subjectsAtBroker()).toEqual(['renewed', 'renewed']);
  expect((await worker.logLines()).filter(({ msg }) => msg === 'stopped')).toEqual([]);
}, 120_000);

test('the command line takes the same variables', async () => {
  await readyWorker('tls.cli', setup.settings);
  const { MONGODB_URL: _, ...settings } = setup.settings;
  const names = { amqpUrl: setup.amqpUrl, mongodbUrl: '', queue: 'tls.cli', database: '' };
  const fields = ['--client-id', '1', '--first-name', 'J', '--last-name', 'D', '--email', 'j@example.org'];
  const created = await contacts(names, ['create', ...fields, '-o', 'json'], { env: settings });
  expect([created.code, created.err]).toEqual([0, '']);
  const letters = await contacts(names, ['dead-letters', 'list'], { env: { ...setup.settings } });
  // There are none.
  expect([letters.code, letters.err]).toEqual([3, '']);
  const doctor = await contacts(names, ['doctor'], { env: { ...setup.settings } });
  expect(doctor.out).toContain('ok    database: reachable and writable');
  expect(doctor.code).toBe(0);

  const refused = await contacts(names, ['get', '1'], { env: { ...settings, AMQP_TLS_CA: setup.stranger.ca } });
  expect([refused.code, refused.err]).toEqual([69, expect.stringContaining('is not trusted here')]);
  const plain = { ...settings, AMQP_URL: 'amqp://localhost' };
  expect(await contacts(names, ['get', '1'], { env: plain })).toMatchObject({
    code: 78,
    err: expect.stringContaining('AMQP_TLS_CA: is set, but AMQP_URL has an amqp:// URL') as string,
  });
}, 120_000);

test('a client does not connect in plain text, and checks its files', async () => {
  const connect = (url: string, tls: object): Promise<unknown> =>
    ContactsClient.connect({ url, tls }).then(
      () => 'connected',
      (error: unknown) => String(error),
    );
  const { ca } = setup.authority;
  expect(await connect('amqp://localhost', { ca })).toContain('tls is set for a url without amqps://');
  expect(await connect(setup.amqpUrl, { ca, cert: ca })).toContain('tls needs cert and key together');
  expect(await connect(setup.amqpUrl, { ca: '/nowhere' })).toContain('tls.ca names a file that does not exist');
});

test('a worker with unusable files ends with 78; one with an expired certificate starts and warns', async () => {
  const names = { amqpUrl: '', mongodbUrl: '', queue: 'tls.settings', database: '' };
  const other = await setup.authority.issue('other');
  const wrong = startProcess(names, { ...setup.settings, AMQP_TLS_KEY: other.key });
  expect(await wrong.exited).toBe(78);
  expect(wrong.errors()).toBe(
    'The settings are not usable:\n  AMQP_TLS_KEY: names a file that holds a key that does not match the certificate\n',
  );

  const expired = await setup.authority.issue('expired', { days: -1 });
  const outdated = startProcess(names, { ...setup.settings, MONGODB_TLS_CERT_KEY: expired.both });
  await expect.poll(() => outdated.output()).toContain('not valid now');
  outdated.signal('SIGKILL');
  await outdated.exited;
  const [line] = outdated.output().split('\n');
  expect(JSON.parse(line!)).toMatchObject({
    level: 'warn',
    argument: 'MONGODB_TLS_CERT_KEY',
    reason: expect.stringMatching(/^holds a certificate that expired on /) as string,
  });
});
