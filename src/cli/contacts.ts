import type { ContactsClient } from '../client/index.ts';

/**
 * What the commands need of the client library. Calls reject with its errors; `failure.ts` reads
 * them.
 */
export type Contacts = Pick<
  ContactsClient,
  'create' | 'update' | 'get' | 'delete' | 'list' | 'listAll' | 'request' | 'close'
>;
