import { expect, test } from 'vitest';

import { openStore } from '../../../src/mongo/store.ts';
import { creation, strict } from '../../support/contact-repository/fixtures.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { contacts, type Ended } from './contacts-process.ts';

const names = freshNames();
const claims = (MONGODB_URL: string): Promise<Ended> =>
  contacts(names, ['claims', '--wait', '0.1'], { env: { MONGODB_URL } });

test('claims: gives contacts their claims, reports how many, and may run again', async () => {
  const [before, after] = [openStore(names.mongodbUrl), openStore(names.mongodbUrl, { sharded: true })];
  await before.prepare();
  const batch = [creation(), creation(), creation()];
  const created = await strict(before.contacts).create(batch);
  await after.prepare();
  const { code, out, err } = await claims(names.mongodbUrl);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^claims are complete: 3 contacts, 3 claims added, /);
  expect((await claims(names.mongodbUrl)).out).toMatch(/^claims are complete: 3 contacts, 0 claims added, /);
  expect(await strict(after.contacts).create(batch)).toEqual(created.map(({ id }) => ({ id, repeated: true })));
  await Promise.all([before.close(), after.close()]);
});

test('claims: a database that cannot be reached is reported without its password, and 1', async () => {
  const { code, out, err } = await claims('mongodb://user:secret@127.0.0.1:1/x?serverSelectionTimeoutMS=200');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(/^contacts: .*fill the claims/);
  expect(err).not.toContain('secret');
});
