/** Recognises a request's effect when the request is delivered again. */
export interface RequestKey {
  /** Stored with the effect. Equal for all copies of a request with a message id. */
  readonly id: string;
  /**
   * Set only on a redelivery without message id: an effect stored under an id with this prefix
   * belongs to an earlier delivery of the same message.
   */
  readonly earlier?: string;
}

/** What identifies a request. */
export interface RequestIdentity {
  readonly key: RequestKey;
  /**
   * Equal for all deliveries of one message, however it is identified; attempts are counted by it.
   */
  readonly attemptId: string;
  /** Names the request in answers, logs and dead letters. Reveals nothing of its content. */
  readonly referenceId: string;
  /** Milliseconds since the epoch. */
  readonly deadline: number | BadDeadline | undefined;
  /** An id that is not UTF-8: what was sent is unknown, so nothing is executed under it. */
  readonly unreadable?: UnreadableId | undefined;
}

/** An invalid deadline, and the message for its producer. */
export interface BadDeadline {
  readonly wrong: string;
}

/** The properties that identify a request, by their AMQP names. */
export type UnreadableId = 'app_id' | 'message_id' | 'correlation_id' | 'reply_to';
