import { outcomeOf } from './answers.ts';
import { UNNAMED } from './content.ts';
import type { Creators } from './creations.ts';
import type { Answer, Ledger, Request } from './ledger.ts';
import type { Findings } from './verdict.ts';

/** When a contact is certain to exist, and which client it may belong to. */
interface Presence {
  readonly contact: number;
  readonly created: number;
  /** First sending of any delete. */
  deleting: number;
  /** Writes of the client_id. */
  readonly writes: { readonly call: number; readonly end: number; readonly client: number }[];
}

/**
 * A list is not atomic, but it returns every contact that exists, with the same client_id, from its
 * sending to its answer. Which contacts and values it may show is judged contact by contact
 * (histories.ts).
 */
export function examineLists(ledger: Ledger, creators: Creators, pageSize: number, findings: Findings): void {
  const byClient = presencesByClient(ledger, creators);
  for (const request of ledger.requests.values()) {
    if (request.method !== 'contact.list') continue;
    const client = ledger.texts.of(String(request.target));
    for (const answer of request.answers) {
      const shown = contactsIn(answer);
      if (shown !== undefined)
        examineList({ request, answer, shown, client }, byClient.get(client) ?? [], pageSize, findings);
    }
  }
}

interface List {
  readonly request: Request;
  readonly answer: Answer;
  readonly shown: readonly number[];
  readonly client: number;
}

function contactsIn({ content }: Answer): readonly number[] | undefined {
  if (content.kind === 'nothing') return [];
  return content.kind === 'contacts' ? content.contacts.map(({ contact }) => contact) : undefined;
}

function examineList(
  { request: { id, firstSent }, answer: { at }, shown, client }: List,
  presences: readonly Presence[],
  pageSize: number,
  findings: Findings,
): void {
  if (shown.length > pageSize) findings.add('list-complete', `more than ${pageSize} contacts`, { id });
  if (shown.some((contact, index) => index > 0 && contact <= shown[index - 1]!)) {
    findings.add('list-complete', 'not in ascending order, or a contact twice', { id });
  }
  // A full page ends at its last contact; the next page has the rest.
  const last = shown.length < pageSize ? Infinity : shown.at(-1)!;
  const there = new Set(shown);
  for (const presence of presences) {
    const { contact } = presence;
    if (contact > last) break;
    if (!there.has(contact) && surelyThere(presence, client, firstSent, at)) {
      findings.add('list-complete', 'lacks a contact that existed throughout', { id, contact });
    }
  }
}

function surelyThere({ created, deleting, writes }: Presence, client: number, from: number, to: number): boolean {
  if (created >= from || deleting <= to) return false;
  return writes.every((write) => write.client === client || write.call > to || isOver(write, writes, from));
}

/**
 * Whether another write started after this one and ended before `from`. The order of concurrent
 * writes is unknown.
 */
function isOver({ end }: { readonly end: number }, writes: Presence['writes'], from: number): boolean {
  return writes.some((other) => other.call > end && other.end < from);
}

function presencesByClient(ledger: Ledger, creators: Creators): ReadonlyMap<number, readonly Presence[]> {
  const presences = new Map<number, Presence>();
  for (const [contact, { firstSent: call, answers, fields }] of creators) {
    const [first] = answers;
    if (first?.content.kind !== 'created') continue;
    const write = { call, end: first.at, client: fields[0]! };
    presences.set(contact, { contact, created: first.at, deleting: Infinity, writes: [write] });
  }
  for (const request of ledger.requests.values()) {
    const presence = request.target === undefined ? undefined : presences.get(request.target);
    if (presence !== undefined) noteChange(presence, request);
  }
  const byClient = new Map<number, Presence[]>();
  for (const presence of [...presences.values()].toSorted((a, b) => a.contact - b.contact)) {
    for (const client of new Set(presence.writes.map((write) => write.client))) {
      const known = byClient.get(client);
      if (known === undefined) byClient.set(client, [presence]);
      else known.push(presence);
    }
  }
  return byClient;
}

function noteChange(presence: Presence, request: Request): void {
  const [first] = request.answers;
  const outcome = outcomeOf(request, first);
  // Also a delete that is answered NOT_FOUND: something else deleted the contact, which is reported
  // elsewhere.
  if (request.method === 'contact.delete') presence.deleting = Math.min(presence.deleting, request.firstSent);
  if (outcome === 'not-found') return;
  const client = request.method === 'contact.update' ? request.fields[0]! : UNNAMED;
  if (client === UNNAMED) return;
  const end = outcome === 'ok' && first !== undefined ? first.at : Infinity;
  presence.writes.push({ call: request.firstSent, end, client });
}
