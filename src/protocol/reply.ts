import type { ResponseHeaders } from './response.ts';

/**
 * What a client writes to ask for a direct reply; the broker puts the client's address in its place. Where it has not
 * (AMQP 1.0, shovels) there is no address, and the broker closes the channel of whoever publishes with it as `reply_to`.
 */
export const DIRECT_REPLY_TO = 'amq.rabbitmq.reply-to';

/** An answer ready to be published to the requester. */
export interface Reply {
  /** The request's `reply_to`: a queue name, or a direct reply-to address. */
  readonly to: string;
  readonly correlationId: string | undefined;
  /** The method, or `request` where it is unknown. */
  readonly type: string;
  readonly headers: ResponseHeaders;
  readonly body: Buffer;
}

/**
 * What became of an answer: `routed` to a queue and confirmed, `returned` because no queue takes it, `refused` by its
 * queue (a full one), `unconfirmed` as its queue does not say whether it has it (it may get there yet), or `unsendable`
 * as AMQP cannot carry it, or the broker closes each channel that it comes on.
 */
export type ReplyOutcome = 'routed' | 'returned' | 'refused' | 'unconfirmed' | 'unsendable';

/** The worker is being stopped; what was to be published was not, or nobody knows. */
export class PublisherStoppedError extends Error {
  override readonly name = 'PublisherStoppedError';
}
