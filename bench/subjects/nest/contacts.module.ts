import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { MongoClient } from 'mongodb';

import { CLIENT_OPTIONS, PlainContacts } from '../plain-contacts.ts';
import { ContactsHandler } from './contacts.handler.ts';
import { mongodbUrl } from './settings.ts';

/** The plain worker's contacts, as a provider. */
@Module({
  providers: [
    {
      provide: MongoClient,
      useFactory: () => new MongoClient(mongodbUrl, CLIENT_OPTIONS),
    },
    {
      provide: PlainContacts,
      inject: [MongoClient],
      useFactory: async (client: MongoClient) => {
        const contacts = new PlainContacts(client.db());
        await contacts.prepare();
        return contacts;
      },
    },
    ContactsHandler,
  ],
  exports: [ContactsHandler],
})
export class ContactsModule implements OnApplicationShutdown {
  constructor(@Inject(MongoClient) private readonly client: MongoClient) {}

  /** Comes after the consumers have ended. */
  async onApplicationShutdown(): Promise<void> {
    await this.client.close();
  }
}
