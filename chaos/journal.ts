/**
 * What the senders of a chaos run write down, one JSON object a line, in the order in which it happened to each sender.
 * The checker reads nothing of the workers: only this, the answers in it and the final state of database and queues.
 */
export type Entry = Sent | Answered | Fault;

/** A request was handed to the broker; several with one `id` are repeats of one request, same ids and body. */
/** Sends the requests that are themselves a fault. */
export const FAULT_SENDER = 0;

export interface Sent {
  readonly type: 'sent';
  /** Of the request. */
  readonly id: string;
  /** From 1; FAULT_SENDER for what a fault is made of. */
  readonly sender: number;
  /** Nanoseconds on the run's one monotonic clock. */
  readonly at: number;
  readonly action: Action;
  /** The broker confirmed it; an unconfirmed one may or may not have reached the queue. */
  readonly confirmed: boolean;
}

/** What the request asks for. `contact` is the contact_id as it was answered to the create. */
export type Action =
  | { readonly method: 'contact.create'; readonly fields: Fields }
  | { readonly method: 'contact.update'; readonly contact: number; readonly changes: Partial<Fields> }
  | { readonly method: 'contact.get' | 'contact.delete'; readonly contact: number }
  | { readonly method: 'contact.list'; readonly client_id: number }
  /** Must end in the dead-letter queue (`poison`), or be refused (`invalid`), or be too late (`late`, its deadline was over when it was sent). */
  | { readonly method: 'poison' | 'invalid' | 'late' }
  /** Must end in the dead-letter queue, as nobody can read it (`unreadable`), or be answered or end there, as its answer cannot get to where it is asked for (`unanswerable`). */
  | { readonly method: 'unreadable' | 'unanswerable' };

/** Whether nothing but an answer will do for a request that the broker took. */
export function needsAnswer(method: Action['method']): boolean {
  return method !== 'unreadable' && method !== 'unanswerable';
}

export interface Fields {
  readonly client_id: number;
  readonly first_name: string;
  readonly last_name: string;
  readonly email: string;
  readonly phone: string;
  readonly mobile_phone: string;
}

export interface Answered {
  readonly type: 'answered';
  readonly id: string;
  readonly at: number;
  readonly status: 'ok' | 'fail';
  /** Codes of its errors, in order. */
  readonly codes: readonly string[];
  /** The whole document; equal answers are equal here. */
  readonly xml: string;
}

/** A fault was injected, or ended. */
export interface Fault {
  readonly type: 'fault';
  readonly at: number;
  readonly name: string;
  readonly phase: 'begins' | 'ends';
  /** Where it begins: no request but those that it is made of may wait longer for its answer while it lasts, in milliseconds. */
  readonly othersWithinMs?: number;
}

/** What there is when all is quiet. */
export interface FinalState {
  /** Every document of the contacts collection, tombstones included. */
  readonly contacts: readonly FinalContact[];
  readonly requestQueueDepth: number;
  /** Message ids in the dead-letter queue, one per letter. */
  readonly deadLetters: readonly string[];
  /** Largest resident memory of any worker, in MiB, and the bound that it has to keep. */
  readonly peakMemoryMiB: number;
  readonly memoryBoundMiB: number;
}

export interface FinalContact {
  readonly contact_id: number;
  readonly deleted: boolean;
  /** Absent on a tombstone. */
  readonly fields?: Fields;
}
