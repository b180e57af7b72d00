import { readFileSync } from 'node:fs';

import { beforeAll, describe, expect, test } from 'vitest';

import { encodeRows } from '../../../src/codec/encode.ts';
import { deadLetterQueueOf } from '../../../src/protocol/request-queues.ts';
import { replyMessage } from '../../../src/amqp/wire/messages.ts';
import { deadlineOf } from '../../../src/pipeline/deadline.ts';
import { DEAD_LETTER_REASONS, FAULT_CODES, HEADERS, NO_METHOD } from '../../../src/protocol/catalogue.ts';
import { apiMethods } from '../../../src/methods/index.ts';
import type { ContactRepository } from '../../../src/contacts/repository.ts';
import { exactTypeOf, readSchema } from '../../../src/schema.ts';
import { settingsSchema } from '../../../src/settings/config.ts';
import { parsedAsyncApi, type AsyncApi } from '../../support/asyncapi.ts';
import { METHODS } from '../../support/schema-judge.ts';
import { methodNamed } from '../methods/request-elements.ts';

let api: AsyncApi;
beforeAll(async () => {
  const { document, problems } = await parsedAsyncApi();
  if (document === undefined) throw new Error(`the parser refuses it: ${problems.join('; ')}`);
  api = document;
});

const settings = settingsSchema().properties;
const methods = apiMethods({} as ContactRepository, { listMaxPerPage: 1000, encodeRows }).map(({ name }) => name);
const operationOf = (method: string) => {
  const found = Object.values(api.operations).find(({ title }) => title === method);
  if (found === undefined) throw new Error(`no operation for ${method}`);
  return found;
};

test('the official parser finds nothing wrong', async () => {
  expect((await parsedAsyncApi()).problems).toEqual([]);
});

test('the parser notices an error', async () => {
  const { problems } = await parsedAsyncApi(readSchema('asyncapi').replace('action: receive', 'action: take'));
  expect(problems).not.toEqual([]);
});

describe('operations', () => {
  test('one receives each method, one sends dead letters', () => {
    const received = Object.values(api.operations).filter(({ action }) => action === 'receive');
    expect(received.map(({ title }) => title)).toEqual(methods);
    expect(methods).toEqual(METHODS);
    expect(Object.values(api.operations).filter(({ action }) => action === 'send')).toHaveLength(1);
  });

  test.each(METHODS)('%s has the exact types of contacts.xsd', (method) => {
    const { messages, reply } = operationOf(method);
    expect(messages.map((message) => message['x-xsd'])).toEqual([
      { element: 'request', type: exactTypeOf(method, 'Request') },
    ]);
    expect(reply?.messages.map((message) => message['x-xsd'])).toEqual([
      { element: 'response', type: exactTypeOf(method, 'Response') },
      { element: 'response', type: 'FailResponse' },
    ]);
  });

  test('every exact type of contacts.xsd is that of a message', () => {
    const named = Object.values(api.components.messages).flatMap((message) => message['x-xsd']?.type ?? []);
    const types = [...readSchema('xsd').matchAll(/name="([A-Za-z]+(?:Request|Response))">/g)].map(([, type]) => type);
    expect(new Set(named)).toEqual(new Set(types.filter((type) => type?.startsWith('Any') === false)));
  });
});

describe('codes', () => {
  test('failures', () => {
    expect(api.components.messages['FailResponse']?.['x-failure-codes']).toEqual(FAULT_CODES);
  });

  test('reasons of dead letters', () => {
    const message = api.components.messages['DeadLetter'];
    expect(message?.['x-reasons']).toEqual(DEAD_LETTER_REASONS);
    expect(message?.headers.properties['diagnosis-code']?.['enum']).toEqual(Object.keys(DEAD_LETTER_REASONS));
  });
});

describe('headers and properties', () => {
  test('all headers of the catalogue, and no others', () => {
    const named = Object.values(api.components.messages).flatMap(({ headers }) => Object.keys(headers.properties));
    expect(new Set(named)).toEqual(new Set(Object.values(HEADERS)));
  });

  test('the deadline is what the worker reads', () => {
    const { oneOf } = operationOf('contact.get').messages[0]?.headers.properties[HEADERS.deadline] ?? {};
    const [number, text] = oneOf as readonly Record<string, unknown>[];
    expect(number).toMatchObject({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
    const pattern = new RegExp(String(text?.['pattern']));
    for (const value of [
      '0',
      '1764230400123',
      '1764230400123.5',
      '-1',
      '1e3',
      '',
      ' 1',
      '1.',
      '12345678901234567',
      '2026-11-27',
    ]) {
      expect(pattern.test(value), value).toBe(typeof deadlineOf({ deadline: value }) === 'number');
    }
  });

  test('the properties of an answer are those that the worker sets', () => {
    const reply = { to: 'q', correlationId: 'c', type: 'contact.get', headers: { status: 'ok' }, body: Buffer.of() };
    const { headers: _, persistent, ...options } = replyMessage(reply).options('id', 1);
    const names = Object.keys(options).map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
    const schema = api.components.messages['FailResponse']?.['x-amqp-properties'];
    expect(persistent).toBe(true);
    expect(Object.keys(schema?.properties ?? {}).sort()).toEqual([...names, 'delivery_mode'].sort());
    expect(schema?.properties['content_type']?.['const']).toBe(options.contentType);
    expect(schema?.properties['type']?.['enum']).toEqual([...methods, NO_METHOD]);
  });

  test('the properties of a request are those of docs/api.md', () => {
    const page = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');
    const [, section = ''] = page.split('## Sending a request');
    const [table = ''] = /(?:^\|.*\n)+/m.exec(section) ?? [];
    const listed = [...table.matchAll(/^\| `([a-z_]+)`/gm)].map(([, name = '']) => name);
    const named = operationOf('contact.get').messages[0]?.['x-amqp-properties'];
    expect(Object.keys(named?.properties ?? {}).sort()).toEqual(listed.sort());
  });
});

describe('limits and names', () => {
  test('per_page', () => {
    const limit = settings['LIST_MAX_PER_PAGE'];
    const list = operationOf('contact.list');
    expect(list['x-per-page']).toMatchObject({ default: 25, maximum: limit?.default });
    const read = methodNamed('contact.list').read([]);
    expect(read).toMatchObject({ valid: true, command: { per_page: list['x-per-page']?.default } });
    const headers = list.reply?.messages[0]?.headers.properties;
    expect(headers?.[HEADERS.perPage]).toMatchObject({ minimum: 1, maximum: limit?.maximum });
    expect(readSchema('xsd')).toContain(`<xs:maxInclusive value="${limit?.default}"/>`);
  });

  test('queues and broker', () => {
    const queue = String(settings['REQUEST_QUEUE']?.default);
    const { requests, deadLetters } = api.channels;
    expect([requests.address, requests.bindings.amqp.queue?.name]).toEqual([queue, queue]);
    expect(deadLetters.address).toBe(deadLetterQueueOf(queue));
    expect(deadLetters.bindings.amqp.queue?.name).toBe(deadLetterQueueOf(queue));
    const { host, protocol } = api.servers.broker;
    expect(settings['AMQP_URL']?.default).toBe(`${protocol}://guest:guest@${host}`);
  });

  test('the version is the package’s', () => {
    const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as object;
    expect(manifest).toMatchObject({ version: api.info.version });
  });
});
