import type { ResponseEnvelope } from './response.ts';

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

/** The worker stopped before it was done; the effect may or may not be there. */
export interface Abandoned {
  readonly kind: 'abandoned';
}
