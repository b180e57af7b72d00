import type { Answer } from './answers.ts';
import { TimeoutError } from './errors.ts';
import type { RequestDocument } from './requests.ts';

/** A request with its properties and limits. */
export interface CallRequest {
  /** Unique among all clients: the answer's `correlation_id`. */
  readonly id: string;
  readonly document: RequestDocument;
  readonly messageId: string;
  /** Milliseconds since the epoch; `undefined`: none. */
  readonly deadline: number | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** What a call reports to, and asks. */
export interface CallEvents {
  /** Why the broker is not connected; `undefined` where it is. */
  obstacle(): string | undefined;
  /** What it throws is the call's error: `failed` is called next. */
  answered(answer: Answer): void;
  failed(error: unknown): void;
  /** Called last. */
  ended(call: Call): void;
}

/**
 * Where a request is. It returns from `sent` and `confirmed` to `unsent` when its channel is lost.
 */
type CallState = 'waiting' | 'unsent' | 'sent' | 'confirmed' | 'ended';

const IN_WORDS: Readonly<Record<CallState, string>> = {
  waiting: 'it waits, as maxInFlight requests have no answer',
  unsent: 'it is not sent, as the broker is not connected or does not read',
  sent: 'the broker has not confirmed it',
  confirmed: 'it is in the request queue, or a worker executes it',
  ended: 'it has ended',
};

/**
 * One call, from its request to its only end: an answer, an error, its time limit or its signal.
 */
export class Call {
  readonly request: CallRequest;
  state: CallState = 'waiting';
  /** How often the request was sent. */
  sendings = 0;
  /** How often the broker has refused the request. */
  refusals = 0;
  readonly #events: CallEvents;
  readonly #timer: NodeJS.Timeout;
  #retry: NodeJS.Timeout | undefined;

  constructor(request: CallRequest, events: CallEvents) {
    this.request = request;
    this.#events = events;
    const { timeoutMs, messageId } = request;
    this.#timer = setTimeout(() => {
      const details = { messageId, outcomeUnknown: this.sendings > 0 };
      this.fail(new TimeoutError(timeoutMs, IN_WORDS[this.state], events.obstacle(), details));
    }, timeoutMs);
    request.signal?.addEventListener('abort', this.#abort);
  }

  answer(body: Buffer, headers: Answer['headers']): void {
    if (!this.#end()) return;
    try {
      this.#events.answered({ body, headers, messageId: this.request.messageId });
    } catch (error) {
      this.#events.failed(error);
    }
    this.#events.ended(this);
  }

  fail(error: unknown): void {
    if (!this.#end()) return;
    this.#events.failed(error);
    this.#events.ended(this);
  }

  /** Calls `retry` after `ms` milliseconds, unless the call ends first. */
  retryAfter(ms: number, retry: () => void): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(retry, ms);
  }

  readonly #abort = (): void => this.fail(this.request.signal?.reason);

  #end(): boolean {
    if (this.state === 'ended') return false;
    this.state = 'ended';
    clearTimeout(this.#timer);
    clearTimeout(this.#retry);
    this.request.signal?.removeEventListener('abort', this.#abort);
    return true;
  }
}
