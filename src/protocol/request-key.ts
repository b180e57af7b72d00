/** What makes a request's effect recognisable when the request comes again. */
export interface RequestKey {
  /** Stored with the effect. Equal for all copies of one request that carries a message id. */
  readonly id: string;
  /**
   * Set only on a redelivery without message id: an effect stored under any id that starts with this prefix
   * was made by an earlier delivery of the same message.
   */
  readonly earlier?: string;
}

/** Who a request is. */
export interface RequestIdentity {
  readonly key: RequestKey;
  /** Equal for all deliveries of one message, whatever identifies it; its attempts are counted by it. */
  readonly attemptId: string;
  /** Names the request in answers, logs and dead letters. Says nothing of its content. */
  readonly referenceId: string;
  /** Milliseconds since the epoch; `invalid` where the header is not that. */
  readonly deadline: number | 'invalid' | undefined;
}
