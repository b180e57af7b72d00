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
