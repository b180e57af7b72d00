import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { apiMethods } from '../../../src/methods/index.ts';
import type { Method } from '../../../src/protocol/method.ts';
import {
  contactIdIn,
  createRequest,
  deleteRequest,
  elements,
  getRequest,
  listRequest,
  request,
  updateRequest,
} from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { POLLING } from '../../support/polling.ts';
import { Requester } from '../../support/requester.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { startWorker, type TestWorker } from '../../support/worker.ts';
import { proxiedDatabaseUrl } from './proxied-database.ts';

/** Part of every value below; the log must not contain it. */
const MARK = 'Zaphod';
const marked = {
  client_id: 4_242_424_242,
  first_name: `${MARK}first`,
  last_name: `${MARK}last`,
  email: `${MARK}@${MARK}.example`,
  phone: `${MARK}1`,
  mobile_phone: `${MARK}2`,
};

const leaky: Method<string> = {
  name: 'test.leaky',
  read: (body) => ({ valid: true, command: body[0]?.text ?? '' }),
  execute: ([work]) => Promise.reject(new Error(`failed on ${work?.command}`, { cause: new Error(work?.command) })),
};

const names = freshNames();
let database: TcpProxy;
let worker: TestWorker;
let requester: Requester;

beforeAll(async () => {
  database = await TcpProxy.before(names.mongodbUrl);
  const mongodbUrl = proxiedDatabaseUrl(database, names.mongodbUrl);
  const behindProxy = { ...names, mongodbUrl };
  const settings = { MAX_ATTEMPTS: '2', LOG_LEVEL: 'trace' };
  worker = await startWorker(behindProxy, settings, { methods: (...args) => [...apiMethods(...args), leaky] });
  requester = await Requester.open(names.amqpUrl, names.queue);
});

afterAll(async () => {
  await requester.close();
  await worker.stop();
  await database.close();
});

test('no data of a contact reaches the log or an error text, on any path', async () => {
  const send = (xml: string, options = {}): Promise<string> =>
    requester.request(xml, options).then((answer) => answer.xml);
  const id = contactIdIn(await send(createRequest(marked), { messageId: 'one' }));
  await send(createRequest(marked), { messageId: 'one' });
  expect(await send(getRequest(id))).toContain(MARK);
  await send(updateRequest(id, marked));
  expect(await send(listRequest({ email: marked.email }))).toContain(MARK);
  database.cut();
  await send(updateRequest(id, marked));
  await send(deleteRequest(id));
  const failures = [
    updateRequest(id, marked),
    createRequest({ ...marked, first_name: MARK.repeat(100), email: MARK, client_id: MARK }),
    request('contact.create', `<contact>${elements(marked)}<${MARK}/></contact>`),
    request('contact.create', `<contact>${elements(marked)}${elements(marked)}</contact>`),
    request(`contact.${MARK}`, elements(marked)),
    request('test.leaky', elements({ text: marked.email })),
    createRequest(marked).slice(0, -20),
    createRequest({ ...marked, phone: `&${MARK};` }),
    `<${MARK}>`,
    createRequest(marked).replaceAll('"', '\u201c'),
    createRequest(marked).replace('UTF-8', MARK),
  ];
  for (const failure of failures) {
    const answer = await send(failure);
    expect(answer).toContain('status="fail"');
    // The answer names an unknown element, in these two places only.
    expect(answer.replaceAll(`<field>${MARK}</field>`, '').replaceAll(`${MARK} is`, '')).not.toContain(MARK);
  }
  requester.send(createRequest(marked), { replyTo: `${MARK}-nowhere`, correlationId: MARK, appId: MARK });
  requester.send(createRequest(marked), { replyTo: names.queue, messageId: marked.email });
  await vi.waitFor(async () => {
    const replies = (await worker.logLines()).map((line) => line['reply'] ?? line['code']);
    expect(replies).toContain('returned');
    expect((await worker.logText()).includes('REPLY_TO_OWN_QUEUE')).toBe(true);
  }, POLLING);
  await worker.stop();
  const log = await worker.logText();
  expect(log.match(/"msg":"request"/g)?.length).toBeGreaterThan(failures.length + 7);
  expect(log.toLowerCase()).not.toContain(MARK.toLowerCase());
  expect(log).not.toContain(String(marked.client_id));
});
