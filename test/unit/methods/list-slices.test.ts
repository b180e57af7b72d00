import { expect, test } from 'vitest';

import { encode, encodeRows } from '../../../src/codec/encode.ts';
import type { Contact } from '../../../src/contacts/contact.ts';
import type { ContactQuery, ContactRepository } from '../../../src/contacts/repository.ts';
import { apiMethods } from '../../../src/methods/index.ts';
import type { Work } from '../../../src/protocol/method.ts';
import type { EncodeRows, ResponseEnvelope } from '../../../src/protocol/response.ts';

const TEXTS = { client_id: 1, first_name: 'Jane', last_name: 'Doe', email: 'j@d.example', phone: '', mobile_phone: '' };
const pageOf = (count: number): readonly Contact[] =>
  Array.from({ length: count }, (_, i) => ({ ...TEXTS, contact_id: i + 1 }));

/** Counts the turns of the event loop until `end`. */
function countTurns(): { readonly now: () => number; readonly end: () => void } {
  let turn = 0;
  let next: NodeJS.Immediate | undefined;
  const count = (): void => {
    turn += 1;
    next = setImmediate(count);
  };
  count();
  return { now: () => turn, end: () => clearImmediate(next) };
}

/** Executes lists of these sizes at once, and returns the contacts that each turn encoded. */
async function contactsByTurn(
  batches: readonly (readonly number[])[],
): Promise<{ readonly byTurn: readonly number[]; readonly responses: readonly (ResponseEnvelope | Error)[] }> {
  const turns = countTurns();
  const encoded = new Map<number, number>();
  const counting: EncodeRows = (format, rows, illegal) => {
    encoded.set(turns.now(), (encoded.get(turns.now()) ?? 0) + rows.length);
    return encodeRows(format, rows, illegal);
  };
  const list = (queries: readonly ContactQuery[]): ReturnType<ContactRepository['list']> =>
    Promise.resolve(queries.map(({ per_page }) => ({ contacts: pageOf(per_page), hasMore: false })));
  const limits = { listMaxPerPage: 1_000, encodeRows: counting };
  const method = apiMethods({ list } as ContactRepository, limits).find(({ name }) => name === 'contact.list')!;
  const works = (sizes: readonly number[]): Work<unknown>[] =>
    sizes.map((per_page) => ({ command: { page: 1, per_page }, key: { id: 'k' } as never }));
  const responses = await Promise.all(batches.map((sizes) => method.execute(works(sizes))));
  turns.end();
  return { byTurn: [...encoded.values()], responses: responses.flat() };
}

test('a turn encodes one slice, however many long lists are in flight', async () => {
  const { byTurn, responses } = await contactsByTurn(Array.from({ length: 20 }, () => [1_000]));
  expect(Math.max(...byTurn)).toBe(200);
  expect(byTurn).toHaveLength(100);
  expect(responses).toHaveLength(20);
});

test('a usual batch of lists is encoded at once, without a turn', async () => {
  expect((await contactsByTurn([[25]])).byTurn).toEqual([25]);
  expect((await contactsByTurn([Array.from({ length: 8 }, () => 25)])).byTurn).toEqual([200]);
});

test('an answer in slices is the one that elements give', async () => {
  const names = ['first_name', 'last_name', 'email', 'phone', 'mobile_phone'] as const;
  const content = pageOf(450).map((contact) => ({
    name: 'contact',
    content: [
      { name: 'contact_id', content: String(contact.contact_id) },
      ...names.map((name) => ({ name, content: contact[name] })),
    ],
  }));
  const { responses } = await contactsByTurn([[450]]);
  expect(encode(responses[0] as ResponseEnvelope).equals(encode({ status: 'ok', content }))).toBe(true);
});
