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
  /** Milliseconds since the epoch. */
  readonly deadline: number | BadDeadline | undefined;
  /** An id that is not UTF-8: what was sent is not known, so that nothing is executed under it. */
  readonly unreadable?: UnreadableId | undefined;
}

/** A deadline that is none, and what is to be told of it. */
export interface BadDeadline {
  readonly wrong: string;
}

/** The properties that say who a request is, as AMQP names them. */
export type UnreadableId = 'app_id' | 'message_id' | 'correlation_id' | 'reply_to';
