import type { FinalState } from '../journal.ts';
import { isRead, outcomeOf, type Outcome } from './answers.ts';
import { UNNAMED, type FieldNumbers } from './content.ts';
import type { Creators } from './creations.ts';
import type { Answer, Ledger, Request } from './ledger.ts';
import { sequencesIn } from './queue-order.ts';
import type { ExaminationOptions } from './verdict.ts';

/**
 * One operation on one contact, in the form that the judge reads (chaos/judge-image/history.go).
 */
export interface Op {
  readonly kind: 'create' | 'update' | 'delete' | 'read';
  /** Of the request; empty for the final read of the database. */
  readonly id: string;
  readonly call: number;
  /** Absent where it is unknown when the operation ended, or whether it happened. */
  readonly return?: number;
  readonly outcome: Outcome;
  readonly fields: FieldNumbers;
  /** Index of the op that must take effect before this one. */
  after?: number;
}

/** The ops of each contact; the final read of the database is the last of each. */
export type Histories = ReadonlyMap<number, Op[]>;

const NO_FIELD: FieldNumbers = [UNNAMED, UNNAMED, UNNAMED, UNNAMED, UNNAMED, UNNAMED];
const KINDS = {
  'contact.update': 'update',
  'contact.delete': 'delete',
  'contact.get': 'read',
} as const;

/**
 * Groups the ledger by contact. Each contact in a list's answer is a separate read, since a list is
 * not atomic.
 */
export function historiesOf(
  ledger: Ledger,
  creators: Creators,
  final: FinalState,
  options: ExaminationOptions,
): Histories {
  const histories = new Map<number, Op[]>();
  const opsOf = (contact: number): Op[] => {
    const known = histories.get(contact);
    if (known !== undefined) return known;
    const ops: Op[] = [];
    histories.set(contact, ops);
    return ops;
  };
  const placesOf = new Map<Request, number[]>();
  for (const [contact, request] of creators) opsOf(contact).push(creation(contact, request));
  for (const request of ledger.requests.values()) {
    if (request.method === 'contact.list') {
      for (const [contact, op] of readsInLists(request, ledger)) opsOf(contact).push(op);
      continue;
    }
    if (
      request.method !== 'contact.update' &&
      request.method !== 'contact.delete' &&
      request.method !== 'contact.get'
    ) {
      continue;
    }
    if (request.target === undefined) continue;
    const ops = opsOf(request.target);
    const places: number[] = [];
    placesOf.set(request, places);
    for (const op of opsOfRequest(request, KINDS[request.method])) {
      if (op.outcome !== 'unknown') places.push(ops.length);
      ops.push(op);
    }
  }
  if (options.queueOrder === true) keepOrder(ledger, histories, placesOf, options);
  addFinal(histories, ledger, final, opsOf);
  return histories;
}

function creation(contact: number, { id, firstSent, answers, fields }: Request): Op {
  const [first] = answers;
  const answered = first?.content.kind === 'created' && first.content.contact === contact;
  if (!answered) return { kind: 'create', id, call: firstSent, outcome: 'unknown', fields };
  return { kind: 'create', id, call: firstSent, return: first.at, outcome: 'ok', fields };
}

function opsOfRequest(request: Request, kind: Op['kind']): Op[] {
  const { id, firstSent: call, answers } = request;
  // A write has one effect, which its first answer reports; each answer to a read is a read.
  const counted: readonly (Answer | undefined)[] = isRead(request) ? answers : [answers[0]];
  const ops: Op[] = [];
  for (const answer of counted) {
    const outcome = outcomeOf(request, answer);
    const fields = kind === 'update' ? request.fields : fieldsIn(answer);
    if (outcome !== 'unknown' && answer !== undefined) {
      ops.push({ kind, id, call, return: answer.at, outcome, fields });
    } else if (kind !== 'read') ops.push({ kind, id, call, outcome: 'unknown', fields });
  }
  return ops;
}

function fieldsIn(answer: Answer | undefined): FieldNumbers {
  const content = answer?.content;
  return (content?.kind === 'contacts' ? content.contacts[0]?.fields : undefined) ?? NO_FIELD;
}

/** Returns a read for each contact in a list's answer, which also shows its client. */
function readsInLists({ id, target, firstSent: call, answers }: Request, { texts }: Ledger): [number, Op][] {
  const client = texts.of(String(target));
  return answers.flatMap(({ at, content }) => {
    if (content.kind !== 'contacts') return [];
    return content.contacts.map(({ contact, fields }): [number, Op] => [
      contact,
      { kind: 'read', id, call, return: at, outcome: 'ok', fields: [client, ...fields.slice(1)] },
    ]);
  });
}

function addFinal(
  histories: ReadonlyMap<number, Op[]>,
  { end, texts }: Ledger,
  final: FinalState,
  opsOf: (contact: number) => Op[],
): void {
  const there = new Map(
    final.contacts.map(({ contact_id, deleted, fields }) => [contact_id, deleted ? undefined : fields]),
  );
  // Contacts that nobody asked for are reported elsewhere; their history would hold this read
  // alone.
  for (const contact of histories.keys()) {
    const fields = there.get(contact);
    const read = { kind: 'read', id: '', call: end, return: end } as const;
    if (fields === undefined) opsOf(contact).push({ ...read, outcome: 'not-found', fields: NO_FIELD });
    else opsOf(contact).push({ ...read, outcome: 'ok', fields: texts.fields(fields) });
  }
}

/**
 * Orders each sequence's ops. A read that may have been redelivered is executed again behind the
 * writes that followed it: it follows what was sent before it, and nothing needs to follow it.
 */
function keepOrder(
  ledger: Ledger,
  histories: Histories,
  placesOf: ReadonlyMap<Request, readonly number[]>,
  { readsMayDiffer = false }: ExaminationOptions,
): void {
  for (const { contact, requests } of sequencesIn(ledger)) {
    const ops = histories.get(contact);
    let before: number | undefined;
    for (const request of requests) {
      const places = placesOf.get(request) ?? [];
      if (before !== undefined) for (const place of places) ops![place]!.after = before;
      const again = readsMayDiffer && isRead(request) && wasExposed(request, ledger);
      if (!again) before = places.at(-1) ?? before;
    }
  }
}

/** Whether the request was answered differently, or was under way during a fault. */
function wasExposed({ firstSent, answers }: Request, { faults }: Ledger): boolean {
  const answered = answers.at(-1)!.at;
  return answers.length > 1 || faults.some(({ begins, ends }) => begins <= answered && firstSent <= ends);
}
