import { afterAll, beforeAll, expect, test } from 'vitest';

import { createRequest } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { contacts } from '../cli/contacts-process.ts';
import { Queues } from '../dead-letters/letters.ts';
import { ask, asker, signIn, startConsole, type TestConsole } from './console-process.ts';

const names = freshNames();
const queues = Queues.forSuite(names);
const NO_METRICS = ['--metrics', 'http://127.0.0.1:9/metrics'];
let running: TestConsole;

beforeAll(async () => {
  running = await startConsole(names, NO_METRICS);
});
afterAll(() => running.stop());

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])(
  '%s without a body and its length is answered, not failed',
  async (method) => {
    const { status } = await ask(running.url, '/api/jobs/x/stop', { method });
    expect(status).toBe(401);
    expect((await asker(running)('/api/jobs/x/stop', { method })).status).toBe(404);
  },
);

test("a proxy's own login does not count as a wrong token", async () => {
  const { cookie } = await signIn(running);
  const headers = { cookie, authorization: `Basic ${Buffer.from('alice:secret').toString('base64')}` };
  for (let nth = 0; nth < 11; nth += 1) expect((await ask(running.url, '/api/session', { headers })).status).toBe(200);
});

test('a login that cannot be recorded opens no session', async () => {
  const own = await startConsole(names, [...NO_METRICS, '--audit-log', '/dev/full']);
  try {
    const body = new URLSearchParams({ token: own.token, name: 'Tess' }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await ask(own.url, '/login', { body, headers });
    expect(answer.status).toBe(500);
    expect(answer.headers['set-cookie']).toBeUndefined();
  } finally {
    await own.stop();
  }
});

test('a time that a producer made up is no time', async () => {
  const headers = { 'diagnosis-code': 'INTERNAL_ERROR', 'diagnosis-time': 'yesterday' };
  queues.channel.sendToQueue(queues.dead, Buffer.from(createRequest()), { headers });
  await queues.channel.waitForConfirms();
  const { json } = await asker(running)('/api/dead-letters');
  expect(json).toMatchObject({ letters: [{ time: null }] });
});

test('a preview that looks into the contents is logged as a search', async () => {
  await queues.bury('INTERNAL_ERROR', { messageId: '1' });
  const body = { action: 'discard', all: true, contents: true, search: 'JaneDoe@' };
  const { status, json } = await asker(running)('/api/dead-letters/preview', { body });
  expect({ status, json }).toMatchObject({ status: 200, json: { count: 1 } });
  const events = running.audit().map(({ event }) => event);
  expect(events.slice(-2)).toEqual(['contents-searched', 'previewed']);
});

test('settings with which the database would be reached without encryption stop the start', async () => {
  const env = { MONGODB_URL: names.mongodbUrl, MONGODB_TLS_CA: '/nowhere.pem' };
  const { code, err } = await contacts(names, ['console', '--port', '0'], { env });
  expect(code).toBe(78);
  expect(err).toContain('MONGODB_TLS_CA: is set, but MONGODB_URL does not ask for TLS');
});
