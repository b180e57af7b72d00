import { randomUUID } from 'node:crypto';

import { Publisher } from '../src/amqp/publisher/publisher.ts';
import { Attempts } from '../src/redelivery/attempts.ts';
import type { ContactRepository } from '../src/contacts/repository.ts';

/** Guards that a run can remove, to show that the suite detects what they prevent. */
export const GUARDS = ['confirm', 'request-key', 'attempts'] as const;

export type Guard = (typeof GUARDS)[number];

/**
 * Removes a guard from this process, from outside: nothing in src/ can be switched off. Returns the
 * store as the methods then see it.
 */
export function removeGuard(guard: Guard | undefined): (contacts: ContactRepository) => ContactRepository {
  if (guard === 'confirm') acknowledgeBeforeTheConfirm();
  if (guard === 'attempts') countNoAttempts();
  return guard === 'request-key' ? withoutKeys : (contacts) => contacts;
}

/**
 * An answer counts as confirmed as soon as it is published, so the request is acknowledged at once.
 */
function acknowledgeBeforeTheConfirm(): void {
  const publish = Object.getOwnPropertyDescriptor(Publisher.prototype, 'publish')?.value as Publisher['publish'];
  Publisher.prototype.publish = function unconfirmed(message): ReturnType<Publisher['publish']> {
    publish.call(this, message).catch(() => undefined);
    return Promise.resolve('routed');
  };
}

function countNoAttempts(): void {
  Attempts.prototype.admit = () =>
    Promise.resolve({ attemptsBefore: 0, conclude: (executed) => Promise.resolve(executed) });
}

/** Every execution of a request looks like another request. */
function withoutKeys(contacts: ContactRepository): ContactRepository {
  const rekeyed = <T extends object>(batch: readonly T[]): T[] =>
    batch.map((item) => ({ ...item, key: { id: randomUUID() } }));
  return {
    ...contacts,
    create: (batch) => contacts.create(rekeyed(batch)),
    update: (batch) => contacts.update(rekeyed(batch)),
    delete: (batch) => contacts.delete(rekeyed(batch)),
  };
}
