/** The invariants of a run; each violation names one. */
export type Invariant =
  /** Every confirmed request is answered. */
  | 'no-answer-lost'
  /** All answers to one request are equal, byte for byte. */
  | 'one-answer'
  /** An answer has the status, codes and content that fit what was asked. */
  | 'fitting-answer'
  /** Every answer belongs to a request, and one id is one request. */
  | 'known-request'
  /** One create, one contact_id: no id is assigned twice. */
  | 'contact-id-unique'
  /**
   * Every answered effect exists: a contact that nobody asked to delete, and every write in a
   * history.
   */
  | 'no-effect-lost'
  /** One request, one effect: a create makes one contact, and no change is applied again later. */
  | 'no-effect-doubled'
  /** Every contact in the database was requested. */
  | 'no-effect-from-nowhere'
  /**
   * The answers about a contact and its final state fit one order, with each effect between sending
   * and first answer.
   */
  | 'linearizable'
  /** The search for that order ended. */
  | 'search-ended'
  /** A list has every contact that existed throughout, in ascending order, each once. */
  | 'list-complete'
  /**
   * One worker, no fault: requests of one sender about one contact are answered in the order of
   * sending.
   */
  | 'queue-order'
  | 'queue-empty'
  /** Requests that must be dead-lettered are, and each dead letter is a request of the run. */
  | 'dead-letters'
  /** No other request is dead-lettered. */
  | 'no-innocent-blamed'
  /** A fault of a few requests or one queue delays no other request beyond its bound. */
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
  /** Size of the largest history, reads in lists included. */
  readonly largestPartition: number;
}

/** How the system withstood one kind of fault. */
export interface FaultCounts {
  readonly name: string;
  readonly injections: number;
  /** Requests in flight during the fault. */
  readonly requests: number;
  /** The longest silence of any of them. */
  readonly longestSilenceMs: number;
}

export interface Verdict {
  /** At most 100 of each invariant; `counts.violations` counts all. */
  readonly violations: readonly Violation[];
  readonly counts: Counts;
  /** By name. */
  readonly faults: readonly FaultCounts[];
}

export interface ExaminationOptions {
  /**
   * Whether each sender's requests about a contact keep their order: the run had one worker and no
   * fault, or several queues.
   */
  readonly queueOrder?: boolean;
  /** Most contacts in one list's answer: the `per_page` of the lists, 25 if they name none. */
  readonly listPageSize?: number;
  /**
   * Whether get and list may answer a repeat with the present state. Each distinct answer is then
   * judged as a separate read. With `queueOrder`, a read under way during a fault may then also
   * show what was sent after it. Default: every request has one answer.
   */
  readonly readsMayDiffer?: boolean;
}

export interface CheckOptions extends ExaminationOptions {
  /** Command line of the judge, program first; see judgeCommand. */
  readonly judge: readonly [string, ...string[]];
  /** Accepts a search that did not end; it is counted either way. */
  readonly acceptUnknown?: boolean;
  /** Limit of one contact's search; default 20,000. */
  readonly searchLimitMs?: number;
}

const KEPT = 100;

/** Collects violations. */
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
