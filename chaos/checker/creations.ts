import type { FinalContact, FinalState } from '../journal.ts';
import type { Ledger, Request } from './ledger.ts';
import type { Findings } from './verdict.ts';

/** The create of each contact. */
export type Creators = ReadonlyMap<number, Request>;

/**
 * Matches creates and contacts. An answered create made the contact that its answer names; an
 * unanswered one may have made a contact that has its fields and no other creator.
 */
export function matchCreations(ledger: Ledger, final: FinalState, findings: Findings): Creators {
  const creators = answeredCreations(ledger, findings);
  const answered = new Map([...creators.values()].map((request) => [String(request.fields), request.id]));
  const unanswered = new Map<string, Request[]>();
  for (const request of ledger.requests.values()) {
    if (request.method !== 'contact.create' || madeBy(request) !== undefined) continue;
    const same = unanswered.get(String(request.fields));
    if (same === undefined) unanswered.set(String(request.fields), [request]);
    else same.push(request);
  }
  const known = new Set<number>();
  for (const contact of final.contacts) {
    const { contact_id: id } = contact;
    if (known.has(id)) findings.add('contact-id-unique', 'the database has this contact twice', { contact: id });
    known.add(id);
    if (creators.has(id)) continue;
    const fields = numbersOf(contact, ledger);
    const creator = fields === undefined ? undefined : unanswered.get(fields)?.pop();
    if (creator === undefined) unexplained(id, fields === undefined ? undefined : answered.get(fields), findings);
    else creators.set(id, creator);
  }
  findLost(ledger, creators, known, findings);
  return creators;
}

/** The contact that a create's first answer names. */
function madeBy({ answers }: Request): number | undefined {
  const content = answers[0]?.content;
  return content?.kind === 'created' ? content.contact : undefined;
}

function answeredCreations(ledger: Ledger, findings: Findings): Map<number, Request> {
  const creators = new Map<number, Request>();
  for (const request of ledger.requests.values()) {
    const contact = request.method === 'contact.create' ? madeBy(request) : undefined;
    if (contact === undefined) continue;
    const other = creators.get(contact);
    if (other !== undefined) {
      findings.add('contact-id-unique', `also assigned to ${other.id}`, { id: request.id, contact });
    } else creators.set(contact, request);
  }
  return creators;
}

function numbersOf({ deleted, fields }: FinalContact, { texts }: Ledger): string | undefined {
  return deleted || fields === undefined ? undefined : String(texts.fields(fields));
}

function unexplained(contact: number, doubleOf: string | undefined, findings: Findings): void {
  if (doubleOf === undefined) {
    findings.add('no-effect-from-nowhere', 'no create can have made this contact', { contact });
    return;
  }
  findings.add('no-effect-doubled', 'a second contact with the fields of one create', { id: doubleOf, contact });
}

/** Tombstones expire, so only contacts that nobody asked to delete must still exist. */
function findLost(ledger: Ledger, creators: Creators, known: ReadonlySet<number>, findings: Findings): void {
  const missing = new Map([...creators].filter(([contact]) => !known.has(contact)));
  if (missing.size === 0) return;
  for (const { method, target } of ledger.requests.values()) {
    if (method === 'contact.delete' && target !== undefined) missing.delete(target);
  }
  for (const [contact, { id }] of missing) {
    findings.add('no-effect-lost', 'created and answered, never asked to be deleted, and missing', { id, contact });
  }
}
