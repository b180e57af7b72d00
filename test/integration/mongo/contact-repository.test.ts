import { randomBytes } from 'node:crypto';

import { inject } from 'vitest';

import { withDatabase } from '../../../infrastructure/addresses.ts';
import { dropDatabase } from '../../../infrastructure/servers.ts';
import { openStore, type StoreOptions } from '../../../src/mongo/store.ts';
import { describeContactRepository, type OpenRepositories } from '../../support/contact-repository-suite.ts';

describeContactRepository('in MongoDB', () => open());
describeContactRepository('in MongoDB, with claims', () => open({ sharded: true }));

async function open(options: StoreOptions = {}): Promise<OpenRepositories> {
  const url = withDatabase(inject('mongodbUrl'), `test_${randomBytes(6).toString('hex')}`);
  const [one, other] = [openStore(url, options), openStore(url, options)];
  await one.prepare();
  return {
    contacts: one.contacts,
    other: other.contacts,
    close: async () => {
      await Promise.all([one.close(), other.close()]);
      await dropDatabase(url);
    },
  };
}
