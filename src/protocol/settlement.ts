import type { DeadLetterReason } from './catalogue.ts';

/**
 * Why a request is in the dead-letter queue; sent there as message headers. Holds no personal data.
 */
export interface Diagnosis {
  readonly code: DeadLetterReason;
  /** How often the request was started. */
  readonly attempts: number;
  readonly firstError: string;
  readonly lastError: string;
  /** Ties the dead letter to the answer and to the log line. */
  readonly referenceId: string;
}

/** What happens to a delivery. The pipeline decides it; the consumer carries it out, once. */
export type Settlement =
  | { readonly kind: 'acknowledge' }
  /** Requeued; nobody is at fault. */
  | { readonly kind: 'hand-back' }
  | {
      readonly kind: 'dead-letter';
      readonly diagnosis: Diagnosis;
      /** Called, where set, once the broker certainly has the acknowledgement. */
      readonly acknowledged?: () => void;
    };
