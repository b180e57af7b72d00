import { expect, test } from 'vitest';

import type { ContactRepository } from '../../../src/contacts/repository.ts';
import { apiMethods } from '../../../src/methods/index.ts';
import type { Method } from '../../../src/protocol/method.ts';
import { ok } from '../../../src/protocol/response.ts';

const api = apiMethods({} as ContactRepository, { listMaxPerPage: 1000 });

test('the API has these five methods', () => {
  expect(api.map(({ name }) => name)).toEqual([
    'contact.create',
    'contact.update',
    'contact.get',
    'contact.delete',
    'contact.list',
  ]);
});

test('a method needs only name, read and execute', async () => {
  const ping: Method<null> = {
    name: 'ping',
    read: () => ({ valid: true, command: null }),
    execute: (batch) => Promise.resolve(batch.map(() => ok([{ name: 'pong', content: '' }]))),
  };
  const methods: readonly Method[] = [...api, ping];
  const found = methods.find(({ name }) => name === 'ping');
  expect(await found?.execute([{ command: null, key: { id: 'k' } }])).toEqual([ok([{ name: 'pong', content: '' }])]);
});
