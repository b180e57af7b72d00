/**
 * What the senders of a chaos run record, one JSON object per line, in the order in which it
 * happened to each sender. The checker reads nothing of the workers: only this journal, the answers
 * in it and the final state of database and queues.
 */
export type Entry = Sent | Answered | Fault;

/** The sender of requests that are themselves a fault. */
export const FAULT_SENDER = 0;

/**
 * A request was published; several entries with one `id` are repeats of one request, with equal ids
 * and body.
 */
export interface Sent {
  readonly type: 'sent';
  /** Of the request. */
  readonly id: string;
  /** From 1; FAULT_SENDER for the requests of a fault. */
  readonly sender: number;
  /** Nanoseconds on the run's one monotonic clock. */
  readonly at: number;
  readonly action: Action;
  /**
   * Whether the broker confirmed it; an unconfirmed request may or may not have reached the queue.
   */
  readonly confirmed: boolean;
}

/** What the request asks for. `contact` is the contact_id in the answer to the create. */
export type Action =
  | { readonly method: 'contact.create'; readonly fields: Fields }
  | { readonly method: 'contact.update'; readonly contact: number; readonly changes: Partial<Fields> }
  | { readonly method: 'contact.get' | 'contact.delete'; readonly contact: number }
  | { readonly method: 'contact.list'; readonly client_id: number }
  /**
   * Must be dead-lettered (`poison`), rejected (`invalid`) or answered EXPIRED (`late`: its
   * deadline had passed when it was sent).
   */
  | { readonly method: 'poison' | 'invalid' | 'late' }
  /**
   * Must be dead-lettered, since nobody can read it (`unreadable`), or answered or dead-lettered,
   * since its answer cannot be delivered (`unanswerable`).
   */
  | { readonly method: 'unreadable' | 'unanswerable' };

/** Whether a request that the broker confirmed has to be answered. */
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

/** A fault began or ended. */
export interface Fault {
  readonly type: 'fault';
  readonly at: number;
  readonly name: string;
  readonly phase: 'begins' | 'ends';
  /**
   * Only where it begins: requests that the fault does not concern are answered within this many
   * milliseconds while it lasts.
   */
  readonly othersWithinMs?: number;
}

/** The state after the last request has settled. */
export interface FinalState {
  /** Every document of the contacts collection, tombstones included. */
  readonly contacts: readonly FinalContact[];
  readonly requestQueueDepth: number;
  /** Message ids in the dead-letter queue, one per letter. */
  readonly deadLetters: readonly string[];
  /** Largest resident memory of any worker, in MiB, and its bound. */
  readonly peakMemoryMiB: number;
  readonly memoryBoundMiB: number;
}

export interface FinalContact {
  readonly contact_id: number;
  readonly deleted: boolean;
  /** Absent on a tombstone. */
  readonly fields?: Fields;
}
