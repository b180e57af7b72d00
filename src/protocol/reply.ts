import type { REPLY_OUTCOMES } from './catalogue.ts';
import type { ResponseHeaders } from './response.ts';

/**
 * A client sets it to request a direct reply, and the broker replaces it by the client's address.
 * Where the broker has not (AMQP 1.0, shovels) there is no address, and the broker closes every
 * channel that publishes with it as `reply_to`.
 */
export const DIRECT_REPLY_TO = 'amq.rabbitmq.reply-to';

/** An answer ready to be published to the requester. */
export interface Reply {
  /** The request's `reply_to`: a queue name, or a direct reply-to address. */
  readonly to: string;
  readonly correlationId: string | undefined;
  /** The method; `NO_METHOD` where it is unknown. */
  readonly type: string;
  readonly headers: ResponseHeaders;
  readonly body: Buffer;
}

/**
 * What happened to an answer. `routed`: in its queue and confirmed. `returned`: there is no such
 * queue. `refused`: its queue rejected it, as it is full. `unconfirmed`: its queue did not confirm
 * it in time; it may still arrive. `unsendable`: AMQP cannot carry it, or the broker closes each
 * channel that publishes it.
 */
export type ReplyOutcome = (typeof REPLY_OUTCOMES)[number];

/** The worker stops. The message was not published, or its outcome is unknown. */
export class PublisherStoppedError extends Error {
  override readonly name = 'PublisherStoppedError';
}
