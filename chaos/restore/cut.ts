import type { Entry } from '../journal.ts';

/** A backup and its restore, on the journal's clock in nanoseconds. */
export interface Cut {
  /** Any moment while the broker was stopped for its backup. */
  readonly brokerSaved: number;
  /** Any moment after the servers were destroyed and before the restored broker started. */
  readonly restored: number;
}

/**
 * Returns the run as the restored servers know it: answers between the two moments never happened.
 * The checker then judges what a restore promises to producers that send again everything since the
 * broker's backup: each request has one effect and one answer, whether or not the backup holds its
 * effect. Answers before the backup count, so their effects must have survived.
 */
export function asRestored(entries: readonly Entry[], { brokerSaved, restored }: Cut): readonly Entry[] {
  return entries.filter(({ type, at }) => type !== 'answered' || at < brokerSaved || at > restored);
}

/** Returns the contact_ids that an answer after the restore gave to another create than one before. */
export function reassignedIds(entries: readonly Entry[], { restored }: Cut): readonly number[] {
  const creates = new Set(
    entries.flatMap((entry) => (entry.type === 'sent' && entry.action.method === 'contact.create' ? [entry.id] : [])),
  );
  const creators = new Map<number, Set<string>>();
  const named = entries.flatMap((entry) => (entry.type === 'answered' && creates.has(entry.id) ? [entry] : []));
  const contactIn = (xml: string): number => Number(/<contact_id>(\d+)<\/contact_id>/.exec(xml)?.[1] ?? Number.NaN);
  for (const { id, at, xml } of named) {
    const contact = contactIn(xml);
    if (at <= restored) creators.set(contact, (creators.get(contact) ?? new Set()).add(id));
  }
  const later = named.filter(({ id, at, xml }) => {
    const before = at > restored ? creators.get(contactIn(xml)) : undefined;
    return before !== undefined && !before.has(id);
  });
  return [...new Set(later.map(({ xml }) => contactIn(xml)))];
}
