import { afterEach } from 'vitest';

import { ContactsClient, type ClientOptions } from '../../src/client/index.ts';

/** Opens clients that are closed after each test of the calling file. */
export function clients(defaults: ClientOptions): (options?: ClientOptions) => Promise<ContactsClient> {
  const open: ContactsClient[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((client) => client.close()));
  });
  return async (options = {}) => {
    const client = await ContactsClient.connect({ ...defaults, ...options });
    open.push(client);
    return client;
  };
}
