import { randomBytes } from 'node:crypto';

import { inject } from 'vitest';

import { withDatabase } from '../../../infrastructure/addresses.ts';
import { dropDatabase } from '../../../infrastructure/servers.ts';
import { openStore } from '../../../src/mongo/store.ts';
import { describeContactRepository } from '../../support/contact-repository-suite.ts';

describeContactRepository('in MongoDB', async () => {
  const url = withDatabase(inject('mongodbUrl'), `test_${randomBytes(6).toString('hex')}`);
  const [one, other] = [openStore(url), openStore(url)];
  await one.prepare();
  return {
    contacts: one.contacts,
    other: other.contacts,
    close: async () => {
      await Promise.all([one.close(), other.close()]);
      await dropDatabase(url);
    },
  };
});
