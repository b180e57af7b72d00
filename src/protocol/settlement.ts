/** Why a request lies in the dead-letter queue; goes there as message headers. No personal data. */
export interface Diagnosis {
  /** A fault code, or the name of the guard that refused the request. */
  readonly code: string;
  /** How often the request was started. */
  readonly attempts: number;
  readonly firstError: string;
  readonly lastError: string;
  /** Ties the dead letter to the answer and to the log line. */
  readonly referenceId: string;
}

/** What is to become of a delivery. The pipeline decides it, the consumer carries it out, once. */
export type Settlement =
  | { readonly kind: 'acknowledge' }
  /** Back to the queue, nobody's fault. */
  | { readonly kind: 'hand-back' }
  | {
      readonly kind: 'dead-letter';
      readonly diagnosis: Diagnosis;
      /** Called, where set, when the broker has the acknowledgement for certain. */
      readonly acknowledged?: () => void;
    };
