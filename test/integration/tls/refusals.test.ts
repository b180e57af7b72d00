import { expect, inject, test } from 'vitest';

import { servedWorker, tlsSetup } from './tls-setup.ts';

const setup = tlsSetup();

type Settings = Readonly<Record<string, string>>;

const NOT_TRUSTED = "the authority of the server's certificate is not trusted here";
const OTHER_HOST = "ERR_TLS_CERT_ALTNAME_INVALID: the server's certificate is for another host name";
const DEMANDED = 'the server demands a client certificate, and none is set';
const STRANGER = "the server does not trust the authority of the client's certificate";
const EXPIRED = "the server says that the client's certificate has expired";

/** Resolves when /readyz and this many lines of the log name the reason. */
async function refused(check: string, settings: Settings, reason: string, line: string, lines: number): Promise<void> {
  const { worker, readyz } = await servedWorker('tls.refused', settings);
  try {
    await expect.poll(async () => (await readyz().catch(() => undefined))?.reasons?.[check]).toContain(reason);
    const page = await readyz();
    expect([page.http, page.status, page.checks[check]]).toEqual([503, 'not ready', false]);
    const attempts = async (): Promise<number> =>
      (await worker.logLines()).filter((each) => each['msg'] === line && String(each['reason']).includes(reason))
        .length;
    await expect.poll(attempts).toBeGreaterThanOrEqual(lines);
  } finally {
    await worker.stop();
  }
}

const fromBroker = (settings: Settings, reason: string): Promise<void> =>
  refused('consuming', { ...setup.settings, ...settings }, reason, 'link to the broker lost, retrying', 2);
/** The driver needs five seconds for an attempt, so that one must do. */
const fromDatabase = (settings: Settings, reason: string): Promise<void> =>
  refused('database', { ...setup.settings, ...settings }, reason, 'the database is unavailable, retrying', 1);

test('a broker of an unknown authority is refused', () => fromBroker({ AMQP_TLS_CA: setup.stranger.ca }, NOT_TRUSTED));

test('a broker whose certificate is for another host is refused', () =>
  fromBroker({ AMQP_URL: setup.amqpUrl.replace('localhost', '127.0.0.1') }, OTHER_HOST));

test('a broker that demands a certificate refuses a worker without one, which says so', () =>
  fromBroker({ AMQP_TLS_CERT: '', AMQP_TLS_KEY: '' }, DEMANDED));

test("a broker refuses a worker's certificate of an unknown authority, which says so", async () => {
  const { cert, key } = await setup.stranger.issue('worker');
  await fromBroker({ AMQP_TLS_CERT: cert, AMQP_TLS_KEY: key }, STRANGER);
});

test("a broker refuses a worker's expired certificate, which says so", async () => {
  const { cert, key } = await setup.authority.issue('worker', { days: -1 });
  await fromBroker({ AMQP_TLS_CERT: cert, AMQP_TLS_KEY: key }, EXPIRED);
});

test('a broker that does not speak TLS gets nothing in plain text', async () => {
  const plain = new URL(inject('amqpUrl'));
  const url = `amqps://guest:guest@localhost:${plain.port}`;
  await fromBroker({ AMQP_URL: url }, 'TLS');
});

test('a database is refused, or refuses, for the same reasons', async () => {
  const [stranger, expired] = [
    await setup.stranger.issue('worker'),
    await setup.authority.issue('worker', { days: -1 }),
  ];
  await Promise.all([
    fromDatabase({ MONGODB_TLS_CA: setup.stranger.ca }, NOT_TRUSTED),
    fromDatabase({ MONGODB_URL: setup.mongodbUrl.replace('localhost', '127.0.0.1') }, OTHER_HOST),
    fromDatabase({ MONGODB_TLS_CERT_KEY: '' }, DEMANDED),
    fromDatabase({ MONGODB_TLS_CERT_KEY: stranger.both }, STRANGER),
    fromDatabase({ MONGODB_TLS_CERT_KEY: expired.both }, EXPIRED),
  ]);
});

test('NODE_TLS_REJECT_UNAUTHORIZED=0 does not make a worker trust an unknown authority', async () => {
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  try {
    await Promise.all([
      fromBroker({ AMQP_TLS_CA: setup.stranger.ca }, NOT_TRUSTED),
      fromDatabase({ MONGODB_TLS_CA: setup.stranger.ca }, NOT_TRUSTED),
    ]);
  } finally {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  }
});

test('servers whose certificates have expired are refused', async () => {
  const expired = await setup.authority.issue('server', { names: ['localhost'], days: -1 });
  await Promise.all([setup.broker.show(expired), setup.database.show(expired)]);
  const reason = "CERT_HAS_EXPIRED: the server's certificate has expired";
  const plainDatabase = { MONGODB_URL: `${inject('mongodbUrl')}/tls`, MONGODB_TLS_CA: '', MONGODB_TLS_CERT_KEY: '' };
  await Promise.all([fromDatabase({}, reason), fromBroker(plainDatabase, reason)]);
});
