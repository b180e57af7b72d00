/** What a chaos run has to keep; each violation names one. */
export type Invariant =
  /** Every confirmed request is answered. */
  | 'no-answer-lost'
  /** All answers to one request are equal, byte for byte. */
  | 'one-answer'
  /** An answer has the status, codes and content that fit what was asked. */
  | 'fitting-answer'
  /** Nothing is answered that was not asked, and one id stands for one request. */
  | 'known-request'
  /** One create, one contact_id: none is given out twice. */
  | 'contact-id-unique'
  /** What was answered as done is there: a contact that nobody asked to delete, and what a history lacks. */
  | 'no-effect-lost'
  /** One request, one effect: a create makes one contact, and no change comes back later. */
  | 'no-effect-doubled'
  /** Every contact in the database was asked for. */
  | 'no-effect-from-nowhere'
  /** What was answered about a contact, and what is left of it, fits one order with each effect between sending and first answer. */
  | 'linearizable'
  /** The search for that order came to an end. */
  | 'search-ended'
  /** A list has every contact that was there all the time, in ascending order, each once. */
  | 'list-complete'
  /** One worker, no fault: what one sender asks about one contact is answered in the order in which it was sent. */
  | 'queue-order'
  | 'queue-empty'
  /** What is meant for the dead-letter queue is there, and each letter is a request. */
  | 'dead-letters'
  /** No request is a dead letter that has done nothing to be one. */
  | 'no-innocent-blamed'
  /** A fault of a few requests or one queue holds up nobody else for longer than it may. */
  | 'others-answered'
  | 'memory-bound';

export interface Violation {
  readonly invariant: Invariant;
  /** Of the request. */
  readonly id?: string;
  readonly contact?: number;
  readonly detail: string;
}

export interface Counts {
  readonly requests: number;
  /** Requests that were answered. */
  readonly answers: number;
  /** Sendings beyond each request's first. */
  readonly repeats: number;
  /** Answers beyond each request's first. */
  readonly repeatedAnswers: number;
  /** Faults that began. */
  readonly faults: number;
  /** Violations of no-answer-lost, no-effect-lost and no-innocent-blamed. */
  readonly losses: number;
  /** Violations of no-effect-doubled. */
  readonly doubles: number;
  readonly violations: number;
  /** From a request's first confirmed sending to its first answer, the longest. */
  readonly longestSilenceMs: number;
  /** Contacts whose history was judged, and how many of those searches did not end. */
  readonly partitions: number;
  readonly unknown: number;
  /** Requests, reads in lists included, of the contact that has most. */
  readonly largestPartition: number;
}

/** How one kind of fault was borne. */
export interface FaultCounts {
  readonly name: string;
  readonly injections: number;
  /** Requests that were on their way while it lasted. */
  readonly requests: number;
  /** The longest silence of any of them. */
  readonly longestSilenceMs: number;
}

export interface Verdict {
  /** At most a hundred of each invariant; `counts.violations` counts all. */
  readonly violations: readonly Violation[];
  readonly counts: Counts;
  /** By name. */
  readonly faults: readonly FaultCounts[];
}

export interface ExaminationOptions {
  /** The run had one worker and no fault, so that each sender's requests about a contact keep their order. */
  readonly queueOrder?: boolean;
  /** Most contacts of one list's answer: the `per_page` that the lists asked for, 25 if they named none. */
  readonly listPageSize?: number;
  /**
   * Whether get and list may answer a repeat with what is true then. Each different answer is judged as a read of its own.
   * Default: every request has one answer.
   */
  readonly readsMayDiffer?: boolean;
}

export interface CheckOptions extends ExaminationOptions {
  /** Command line of the judge, with the program first; see judgeCommand. */
  readonly judge: readonly [string, ...string[]];
  /** A search that did not end is no violation; it is counted either way. */
  readonly acceptUnknown?: boolean;
  /** For one contact's search; default 20,000. */
  readonly searchLimitMs?: number;
}

const KEPT = 100;

/** Gathers violations. */
export class Findings {
  readonly kept: Violation[] = [];
  total = 0;
  readonly #byInvariant = new Map<Invariant, number>();

  add(invariant: Invariant, detail: string, about: { readonly id?: string; readonly contact?: number } = {}): void {
    this.total += 1;
    const before = this.#byInvariant.get(invariant) ?? 0;
    this.#byInvariant.set(invariant, before + 1);
    if (before < KEPT) this.kept.push({ invariant, ...about, detail });
  }

  count(...invariants: readonly Invariant[]): number {
    return invariants.reduce((sum, invariant) => sum + (this.#byInvariant.get(invariant) ?? 0), 0);
  }
}
