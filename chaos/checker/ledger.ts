import { createHash } from 'node:crypto';

import type { Action, Answered, Entry, Fault, Sent } from '../journal.ts';
import { contentOf, Texts, type Content, type FieldNumbers } from './content.ts';
import type { Findings } from './verdict.ts';

/** A distinct answer to a request; equal ones count once, first seen `at`. */
export interface Answer {
  at: number;
  readonly digest: string;
  readonly content: Content;
}

/** Everything known about one request. */
export interface Request {
  readonly id: string;
  readonly method: Action['method'];
  /** The contact_id of get, update and delete; the client_id of a list. */
  readonly target: number | undefined;
  /** The fields that it writes; empty where it writes none. */
  readonly fields: FieldNumbers;
  firstSent: number;
  /** First sending that the broker confirmed. */
  firstConfirmed: number | undefined;
  sendings: number;
  /** `undefined` where several senders sent it. */
  sender: number | undefined;
  /** Distinct answers, ordered by the time when each was first seen. */
  answers: Answer[];
  answersSeen: number;
}

/** The time of a fault; `ends` is Infinity where the journal has no end of it. */
export interface FaultWindow {
  readonly name: string;
  readonly begins: number;
  ends: number;
  /** Requests that the fault does not concern may wait at most this long, in milliseconds. */
  readonly othersWithinMs: number | undefined;
}

/** The journal, grouped by request. It holds every text once and no documents of answers. */
export interface Ledger {
  readonly requests: ReadonlyMap<string, Request>;
  readonly faults: readonly FaultWindow[];
  readonly texts: Texts;
  /** Later than every entry. */
  readonly end: number;
}

interface Answers {
  readonly seen: Answer[];
  count: number;
}

/** Reads the journal, whatever the order of its entries. */
export async function readLedger(entries: AsyncIterable<Entry> | Iterable<Entry>, findings: Findings): Promise<Ledger> {
  const texts = new Texts();
  const requests = new Map<string, Request>();
  const answers = new Map<string, Answers>();
  const faults: Fault[] = [];
  let latest = 0;
  for await (const entry of entries) {
    latest = Math.max(latest, entry.at);
    if (entry.type === 'sent') noteSent(requests, entry, texts, findings);
    else if (entry.type === 'answered') noteAnswered(answers, entry, texts, findings);
    else faults.push(entry);
  }
  for (const [id, { seen, count }] of answers) {
    const request = requests.get(id);
    if (request === undefined) {
      findings.add('known-request', 'an answer to a request that was not sent', { id });
      continue;
    }
    request.answers = seen.toSorted((a, b) => a.at - b.at);
    request.answersSeen = count;
    if (request.answers[0]!.at < request.firstSent) {
      findings.add('known-request', 'answered before it was sent', { id });
    }
  }
  return { requests, faults: windowsOf(faults), texts, end: latest + 1 };
}

function noteSent(requests: Map<string, Request>, entry: Sent, texts: Texts, findings: Findings): void {
  const { id, sender, at, action, confirmed } = entry;
  const known = requests.get(id);
  const { target, fields } = targetAndFields(action, texts);
  if (known === undefined) {
    const firstConfirmed = confirmed ? at : undefined;
    const { method } = action;
    const counts = { sendings: 1, answersSeen: 0 };
    requests.set(id, { id, method, target, fields, firstSent: at, firstConfirmed, sender, answers: [], ...counts });
    return;
  }
  if (known.method !== action.method || known.target !== target || String(known.fields) !== String(fields)) {
    findings.add('known-request', 'two different requests have this id', { id });
  }
  known.sendings += 1;
  known.firstSent = Math.min(known.firstSent, at);
  if (confirmed) known.firstConfirmed = Math.min(known.firstConfirmed ?? Infinity, at);
  if (known.sender !== sender) known.sender = undefined;
}

function targetAndFields(action: Action, texts: Texts): Pick<Request, 'target' | 'fields'> {
  if (action.method === 'contact.create') return { target: undefined, fields: texts.fields(action.fields) };
  if (action.method === 'contact.update') return { target: action.contact, fields: texts.fields(action.changes) };
  if (action.method === 'contact.list') return { target: action.client_id, fields: [] };
  return { target: 'contact' in action ? action.contact : undefined, fields: [] };
}

function noteAnswered(answers: Map<string, Answers>, entry: Answered, texts: Texts, findings: Findings): void {
  const digest = createHash('sha256').update(comparableXml(entry)).digest('base64');
  let known = answers.get(entry.id);
  if (known === undefined) answers.set(entry.id, (known = { seen: [], count: 0 }));
  known.count += 1;
  const same = known.seen.find((answer) => answer.digest === digest);
  if (same !== undefined) {
    same.at = Math.min(same.at, entry.at);
    return;
  }
  const content = contentOf(entry.xml, texts);
  const codes = content.kind === 'failed' ? content.codes : [];
  if ((content.kind === 'failed') !== (entry.status === 'fail') || String(codes) !== String(entry.codes)) {
    findings.add('fitting-answer', 'status or codes in the headers differ from those in the document', {
      id: entry.id,
    });
  }
  known.seen.push({ at: entry.at, digest, content });
}

/** An EXPIRED answer names the time on the worker's clock, which differs at each repeat. */
function comparableXml({ codes, xml }: Answered): string {
  return String(codes) === 'EXPIRED' ? xml.replace(CLOCK, '') : xml;
}

const CLOCK = /(?<=; the worker's clock says )[\d:.TZ-]+/;

function windowsOf(marks: readonly Fault[]): FaultWindow[] {
  const windows: FaultWindow[] = [];
  const open = new Map<string, FaultWindow[]>();
  for (const { name, phase, at, othersWithinMs } of marks.toSorted((a, b) => a.at - b.at)) {
    const waiting = open.get(name) ?? [];
    open.set(name, waiting);
    if (phase === 'ends') {
      const oldest = waiting.shift();
      if (oldest !== undefined) oldest.ends = at;
      continue;
    }
    const window = { name, begins: at, ends: Infinity, othersWithinMs };
    windows.push(window);
    waiting.push(window);
  }
  return windows;
}
