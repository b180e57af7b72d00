import { expect, onTestFinished, test } from 'vitest';

import { openStore, type Store } from '../../../src/mongo/store.ts';
import { UnavailableError } from '../../../src/protocol/errors.ts';
import { createOne } from '../../support/contact-repository/fixtures.ts';
import { CommandProxy } from './command-proxy.ts';
import { freshStore } from './fresh-store.ts';

const { url, contacts, store: direct } = freshStore();
const INTERRUPTED_AT_SHUTDOWN = 11_600;
const FAILED = 8_000;

/** A store whose commands with this name meet trouble, as often as `times` says. */
async function troubled(
  name: string,
  times: number,
  trouble: (proxy: CommandProxy, when: () => boolean) => void,
): Promise<{ readonly store: Store; readonly sent: () => number }> {
  const proxy = await CommandProxy.before(url);
  const store = openStore(proxy.url(url));
  onTestFinished(async () => {
    await store.close();
    await proxy.close();
  });
  let left = times;
  trouble(proxy, () => left-- > 0);
  return { store, sent: () => proxy.commands.filter((command) => name in command).length };
}

const reads = {
  find: (store: Store, id: number) => store.contacts.get([id]),
  aggregate: (store: Store) => store.contacts.list([{ page: 1, per_page: 5 }]),
} satisfies Record<string, (store: Store, id: number) => Promise<unknown>>;

const troubles = {
  'its connection is lost': (name) => (proxy, when) => proxy.cut((command) => name in command && when()),
  'the server shuts down': (name) => (proxy, when) => proxy.refuse(name, INTERRUPTED_AT_SHUTDOWN, when),
} satisfies Record<string, (name: string) => Parameters<typeof troubled>[2]>;

const CASES = Object.keys(reads).flatMap((name) => Object.keys(troubles).map((why) => ({ name, why })));

test.each(CASES)('a read by $name is sent again where $why, once', async ({ name, why }) => {
  const id = await createOne(contacts);
  const read = (store: Store): Promise<unknown> => reads[name as keyof typeof reads](store, id);
  const trouble = troubles[why as keyof typeof troubles](name);

  const once = await troubled(name, 1, trouble);
  expect(await read(once.store)).toEqual(await read(direct));
  expect(once.sent()).toBe(2);

  const twice = await troubled(name, 2, trouble);
  await expect(read(twice.store)).rejects.toBeInstanceOf(UnavailableError);
  expect(twice.sent()).toBe(2);
});

test('a read that the server refuses for another reason is not sent again', async () => {
  const { store, sent } = await troubled('find', 1, (proxy, when) => proxy.refuse('find', FAILED, when));
  await expect(store.contacts.get([1])).rejects.not.toBeInstanceOf(UnavailableError);
  expect(sent()).toBe(1);
});
