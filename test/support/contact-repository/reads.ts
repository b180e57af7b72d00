import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { ContactQuery } from '../../../src/contacts/repository.ts';
import { anyCharacter } from '../../unit/methods/request-elements.ts';
import { createOne, creation, deletionOf, idsIn, idsOf, JANE, type Subject } from './fixtures.ts';

const MAX_ID = Number.MAX_SAFE_INTEGER;

export function describeReads(subject: Subject): void {
  test('get returns contacts in the requested order, duplicates included, and undefined for none', async () => {
    const { contacts } = subject;
    const created = await contacts.create([creation({ first_name: 'a' }), creation({ first_name: 'b' })]);
    const [a, b] = created.map(({ id }) => id) as [number, number];
    const found = await contacts.get([b, 999_999, a, b]);
    expect(found.map((contact) => contact?.first_name)).toEqual(['b', undefined, 'a', 'b']);
    expect(await contacts.get([])).toEqual([]);
  });

  test('any text comes back unchanged', async () => {
    const { contacts } = subject;
    const text = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 40 });
    const fields = fc.record({ first_name: text, last_name: text, phone: text, mobile_phone: text });
    await fc.assert(
      fc.asyncProperty(fc.array(fields, { minLength: 1, maxLength: 20 }), async (people) => {
        const created = await contacts.create(people.map((person) => creation(person)));
        const read = await contacts.get(created.map(({ id }) => id));
        expect(read).toEqual(people.map((person, i) => ({ ...JANE, ...person, contact_id: created[i]?.id })));
      }),
      { numRuns: 20 },
    );
  });

  test('text is not normalised', async () => {
    const { contacts } = subject;
    const [composed, decomposed] = ['caf\u00e9', 'cafe\u0301'];
    const created = await contacts.create([creation({ last_name: composed }), creation({ last_name: decomposed })]);
    const [one, other] = await contacts.get(created.map(({ id }) => id));
    expect(Buffer.from(one!.last_name)).toEqual(Buffer.from(composed));
    expect(Buffer.from(other!.last_name)).toEqual(Buffer.from(decomposed));
  });

  test.each([1, 2 ** 31 - 1, 2 ** 31, 2 ** 32, MAX_ID - 1, MAX_ID])(
    'client_id %d is kept and found',
    async (client_id) => {
      const { contacts } = subject;
      const id = await createOne(contacts, { client_id, email: `c${client_id}@big.example` });
      expect((await contacts.get([id]))[0]?.client_id).toBe(client_id);
      expect((await idsOf(contacts, { client_id, email: `c${client_id}@big.example` })).ids).toEqual([id]);
    },
  );
}

export function describeLists(subject: Subject): void {
  test('pages are ascending, complete and disjoint, and report whether there are more', async () => {
    const { contacts } = subject;
    const client_id = 500;
    const created = await contacts.create(Array.from({ length: 7 }, () => creation({ client_id })));
    const all = created.map(({ id }) => id);
    const page = (number: number): ReturnType<typeof idsOf> =>
      idsOf(contacts, { client_id, page: number, per_page: 3 });
    expect(await page(1)).toEqual({ ids: all.slice(0, 3), hasMore: true });
    expect(await page(2)).toEqual({ ids: all.slice(3, 6), hasMore: true });
    expect(await page(3)).toEqual({ ids: all.slice(6), hasMore: false });
    expect(await page(4)).toEqual({ ids: [], hasMore: false });
    expect(await idsOf(contacts, { client_id, per_page: 7 })).toEqual({ ids: all, hasMore: false });
    expect(await idsOf(contacts, { client_id, per_page: 6 })).toEqual({ ids: all.slice(0, 6), hasMore: true });
  });

  test('pages read in a batch equal those read alone, in the order of the queries', async () => {
    const { contacts } = subject;
    const created = await contacts.create(
      Array.from({ length: 9 }, (_, i) => creation({ client_id: 510 + (i % 3), email: `p${i % 2}@pages.example` })),
    );
    await contacts.delete([deletionOf(created[3]!.id)]);
    const queries: ContactQuery[] = [
      { client_id: 511, page: 1, per_page: 2 },
      { page: 2, per_page: 3 },
      { client_id: 510, page: 1, per_page: 2 },
      { client_id: 511, page: MAX_ID, per_page: 2 },
      { client_id: 511, page: 1, per_page: 2 },
      { email: 'p1@pages.example', page: 2, per_page: 2 },
      { client_id: 599, page: 1, per_page: 5 },
      { client_id: 512, email: 'p0@pages.example', page: 1, per_page: 25 },
      { page: 1, per_page: 1 },
      { client_id: 511, page: 2, per_page: 2 },
    ];
    const together = (await contacts.list(queries)).map((page) => ({ ids: idsIn(page), hasMore: page.hasMore }));
    expect(together).toEqual(await Promise.all(queries.map((query) => idsOf(contacts, query))));
    expect(together.map(({ ids }) => ids.length)).toEqual([2, 3, 2, 0, 2, 1, 0, 2, 1, 1]);
    expect(await contacts.list([])).toEqual([]);
  });

  test.each([2 ** 31, 2 ** 40, MAX_ID])('page %d is empty and not an error', async (page) => {
    const { contacts } = subject;
    expect(await idsOf(contacts, { page, per_page: 1 })).toEqual({ ids: [], hasMore: false });
    expect(await idsOf(contacts, { page, per_page: 1000 })).toEqual({ ids: [], hasMore: false });
    expect(await idsOf(contacts, { page, per_page: 100_000 })).toEqual({ ids: [], hasMore: false });
  });

  test('filters are combined, and addresses compare case-insensitively', async () => {
    const { contacts } = subject;
    const email = 'Ärger.Straße@Example.ORG';
    const ids = await contacts.create([
      creation({ client_id: 600, email }),
      creation({ client_id: 600, email: email.toLowerCase() }),
      creation({ client_id: 601, email }),
      creation({ client_id: 600, email: `x${email}` }),
    ]);
    const [a, b, c] = ids.map(({ id }) => id);
    const query = { client_id: 600, email: 'äRGER.straße@EXAMPLE.org' };
    expect((await idsOf(contacts, query)).ids).toEqual([a, b]);
    expect((await idsOf(contacts, { email })).ids).toEqual([a, b, c]);
    expect((await idsOf(contacts, { client_id: 602, email })).ids).toEqual([]);
    expect((await contacts.get([a!]))[0]?.email).toBe(email);
  });

  test('addresses are compared, not matched: wildcards and operators find nothing', async () => {
    const { contacts } = subject;
    await createOne(contacts, { email: 'abc@match.example' });
    for (const email of ['.*@match.example', 'a%@match.example', '{"$gt":""}', '$email', '/abc/']) {
      expect((await idsOf(contacts, { email })).ids).toEqual([]);
    }
  });

  test('deleted contacts are on no page', async () => {
    const { contacts } = subject;
    const client_id = 700;
    const created = await contacts.create(
      Array.from({ length: 4 }, () => creation({ client_id, email: 'del@d.example' })),
    );
    const [a, b, c, d] = created.map(({ id }) => id) as [number, number, number, number];
    await contacts.delete([b, c].map((id) => deletionOf(id)));
    expect((await idsOf(contacts, { client_id })).ids).toEqual([a, d]);
    expect((await idsOf(contacts, { email: 'DEL@d.example' })).ids).toEqual([a, d]);
    expect(await idsOf(contacts, { client_id, per_page: 1 })).toEqual({ ids: [a], hasMore: true });
    const everyone = await idsOf(contacts, {});
    expect(everyone.ids).toContain(a);
    expect(everyone.ids).not.toContain(b);
  });
}
