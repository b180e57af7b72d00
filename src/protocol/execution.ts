import type { DeliveryChannel } from './delivery.ts';
import type { RequestKey } from './request-key.ts';
import type { ResponseEnvelope } from './response.ts';

/** What holds for one request beside what it asks for. */
export interface ExecutionTerms {
  readonly key: RequestKey;
  /** Milliseconds since the epoch after which it must not take effect any more. */
  readonly deadline: number | undefined;
  /** Where set, the request runs in no batch, and so many of its attempts are used up. */
  readonly attemptsBefore: number | undefined;
  /** Where set, the request is not started any more once it is gone. */
  readonly channel?: DeliveryChannel | undefined;
}

/** A request that was executed, and its method: `request` where that is unknown. */
export interface Performed {
  readonly method: string;
  readonly execution: Execution;
  /** To be called, where set, when the broker has the acknowledgement of the delivery for certain. */
  readonly acknowledged?: () => void;
}

/** How one request was executed. */
export type Execution = Done | Defect | Abandoned;

export interface Done {
  readonly kind: 'done';
  readonly response: ResponseEnvelope;
  /** How often it was started; 0 where it was refused before. */
  readonly attempts: number;
  /** Requests in its batch. */
  readonly batch: number;
}

/** Every attempt failed by an error that is ours. */
export interface Defect {
  readonly kind: 'defect';
  readonly first: unknown;
  readonly last: unknown;
  readonly attempts: number;
  readonly batch: number;
}

/** The worker stopped, or the delivery's channel was gone, before it was done; the effect may or may not be there. */
export interface Abandoned {
  readonly kind: 'abandoned';
}
