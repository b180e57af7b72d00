import type { RefusalReason } from './catalogue.ts';
import type { DeliveryChannel } from './delivery.ts';
import type { RequestKey } from './request-key.ts';
import type { FailResponse, ResponseEnvelope } from './response.ts';
import type { BatchRun } from './timeline.ts';

/** What applies to one request beside its content. */
export interface ExecutionTerms {
  readonly key: RequestKey;
  /** Milliseconds since the epoch; past it the request must not take effect. */
  readonly deadline: number | undefined;
  /** Attempts already used; if set, the request runs unbatched. */
  readonly attemptsBefore: number | undefined;
  /** Where set, the request is not started after this channel has closed. */
  readonly channel?: DeliveryChannel | undefined;
}

/** How one request was executed. */
export type Execution = Done | Defect | Abandoned;

export interface Done {
  readonly kind: 'done';
  readonly response: ResponseEnvelope;
  /** How often it was started; 0 where its content was rejected. */
  readonly attempts: number;
  /** Requests in its batch. */
  readonly batch: number;
  /** When its batch was at the store; absent where nothing was executed. */
  readonly run?: BatchRun;
}

/** Every attempt failed by an error of ours. */
export interface Defect {
  readonly kind: 'defect';
  readonly first: unknown;
  readonly last: unknown;
  readonly attempts: number;
  readonly batch: number;
  readonly run?: BatchRun;
}

/**
 * The worker stopped, or the channel closed, before the execution ended. The effect may or may not
 * exist.
 */
export interface Abandoned {
  readonly kind: 'abandoned';
}

/** Not executed, as the message itself is unacceptable. `response` is answered where it is set. */
export interface Refused {
  readonly kind: 'refused';
  readonly reason: RefusalReason;
  readonly response?: FailResponse;
}

/** A request whose execution has ended. */
export interface Executed {
  /** `NO_METHOD` where the method is unknown. */
  readonly method: string;
  readonly execution: Execution;
  /** Called, where set, once the broker certainly has the acknowledgement of the delivery. */
  readonly acknowledged?: () => void;
}

/** What the pipeline answers and settles: an executed request, or one that was refused before. */
export interface Result extends Omit<Executed, 'execution'> {
  readonly execution: Execution | Refused;
}

/** A delivery that asks to be executed. */
export interface Start {
  /** Equal for all deliveries of one message. */
  readonly attemptId: string;
  readonly redelivered: boolean;
  readonly channel: DeliveryChannel;
}

/**
 * Permission to execute one request. Whoever holds it must call `conclude` exactly once, or later
 * requests wait forever.
 */
export interface Admission {
  /** Attempts already used; `undefined` where the request may run beside others. */
  readonly attemptsBefore: number | undefined;
  /** Records the result and returns what is to be answered. Never rejects. */
  conclude(executed: Executed): Promise<Executed>;
}
