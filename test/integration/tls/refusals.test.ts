import { expect, inject, test } from 'vitest';

import { servedWorker, tlsSetup, type ReadyPage } from './tls-setup.ts';

const setup = tlsSetup();

type Settings = Readonly<Record<string, string>>;

const NOT_TRUSTED = "the authority of the server's certificate is not trusted here";
const OTHER_HOST = "ERR_TLS_CERT_ALTNAME_INVALID: the server's certificate is for another host name";
const DEMANDED = 'the server demands a client certificate, and none is set';
const STRANGER = "the server does not trust the authority of the client's certificate";
const EXPIRED = "the server says that the client's certificate has expired";

/** Resolves with the reason in /readyz, once this many lines of the log name it, too. */
async function refused(check: string, settings: Settings, line: string, lines: number): Promise<string> {
  const { worker, readyz } = await servedWorker('tls.refused', { ...setup.settings, ...settings });
  try {
    const page = (): Promise<ReadyPage | undefined> => readyz().catch(() => undefined);
    await expect.poll(async () => (await page())?.reasons?.[check]).toBeDefined();
    const { http, status, checks, reasons } = await readyz();
    expect([http, status, checks[check]]).toEqual([503, 'not ready', false]);
    const reason = reasons?.[check] ?? '';
    const named = async (): Promise<number> =>
      (await worker.logLines()).filter((each) => each['msg'] === line && each['reason'] === reason).length;
    await expect.poll(named).toBeGreaterThanOrEqual(lines);
    return reason;
  } finally {
    await worker.stop();
  }
}

const byBroker = (settings: Settings): Promise<string> =>
  refused('consuming', settings, 'link to the broker lost, retrying', 2);
/** The driver needs five seconds for an attempt, so that one must do. */
const byDatabase = (settings: Settings): Promise<string> =>
  refused('database', settings, 'the database is unavailable, retrying', 1);

test('a broker of an unknown authority is refused', async () => {
  expect(await byBroker({ AMQP_TLS_CA: setup.stranger.ca })).toContain(NOT_TRUSTED);
});

test('a broker whose certificate is for another host is refused', async () => {
  expect(await byBroker({ AMQP_URL: setup.amqpUrl.replace('localhost', '127.0.0.1') })).toBe(OTHER_HOST);
});

test('a broker that demands a certificate refuses a worker without one, which says so', async () => {
  expect(await byBroker({ AMQP_TLS_CERT: '', AMQP_TLS_KEY: '' })).toContain(DEMANDED);
});

test("a broker refuses a worker's certificate of an unknown authority, which says so", async () => {
  const { cert, key } = await setup.stranger.issue('worker');
  expect(await byBroker({ AMQP_TLS_CERT: cert, AMQP_TLS_KEY: key })).toContain(STRANGER);
});

test("a broker refuses a worker's expired certificate, which says so", async () => {
  const { cert, key } = await setup.authority.issue('worker', { days: -1 });
  expect(await byBroker({ AMQP_TLS_CERT: cert, AMQP_TLS_KEY: key })).toContain(EXPIRED);
});

test('a broker that does not speak TLS gets nothing in plain text', async () => {
  const { port } = new URL(inject('amqpUrl'));
  expect(await byBroker({ AMQP_URL: `amqps://guest:guest@localhost:${port}` })).toMatch(/speaks? TLS at that port/);
});

test('a database is refused, or refuses, for the same reasons', async () => {
  const stranger = await setup.stranger.issue('worker');
  const expired = await setup.authority.issue('worker', { days: -1 });
  const reasons = await Promise.all([
    byDatabase({ MONGODB_TLS_CA: setup.stranger.ca }),
    byDatabase({ MONGODB_URL: setup.mongodbUrl.replace('localhost', '127.0.0.1') }),
    byDatabase({ MONGODB_TLS_CERT_KEY: '' }),
    byDatabase({ MONGODB_TLS_CERT_KEY: stranger.both }),
    byDatabase({ MONGODB_TLS_CERT_KEY: expired.both }),
  ]);
  const words = [NOT_TRUSTED, OTHER_HOST, DEMANDED, STRANGER, EXPIRED];
  expect(reasons).toEqual(words.map((each) => expect.stringContaining(each) as string));
});

test('NODE_TLS_REJECT_UNAUTHORIZED=0 does not make a worker trust an unknown authority', async () => {
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  try {
    const reasons = [byBroker({ AMQP_TLS_CA: setup.stranger.ca }), byDatabase({ MONGODB_TLS_CA: setup.stranger.ca })];
    const words = expect.stringContaining(NOT_TRUSTED) as string;
    expect(await Promise.all(reasons)).toEqual([words, words]);
  } finally {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  }
});

test('servers whose certificates have expired are refused', async () => {
  const expired = await setup.authority.issue('server', { names: ['localhost'], days: -1 });
  await Promise.all([setup.broker.show(expired), setup.database.show(expired)]);
  const plainDatabase = { MONGODB_URL: `${inject('mongodbUrl')}/tls`, MONGODB_TLS_CA: '', MONGODB_TLS_CERT_KEY: '' };
  const reason = "CERT_HAS_EXPIRED: the server's certificate has expired";
  expect(await Promise.all([byDatabase({}), byBroker(plainDatabase)])).toEqual([reason, reason]);
});
