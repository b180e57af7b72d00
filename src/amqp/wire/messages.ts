import type { ConsumeMessage, Message, Options } from 'amqplib';

import { HEADERS } from '../../protocol/catalogue.ts';
import type { Delivery, DeliveryChannel } from '../../protocol/delivery.ts';
import type { Reply } from '../../protocol/reply.ts';
import { sizeOf } from './abridged.ts';
import { isUnreadable } from './unreadable.ts';

/**
 * A message for the default exchange: `queue` is its routing key.
 *
 * The room: this file translates between amqplib's messages and the protocol's; unreadable.ts saves
 * messages that amqplib cannot decode, with header-depth.ts; abridged.ts bounds bodies;
 * header-table.ts and content-header-bytes.ts measure what a frame can carry.
 */
export interface OutgoingMessage {
  readonly queue: string;
  readonly body: Buffer;
  /** Whether a nack is reported at once. Otherwise the publisher retries for a time. */
  readonly once?: boolean;
  /**
   * The properties. `publishId` is unique per message, and `publishIdOf` must find it again;
   * `frameMax` is the connection's largest frame in bytes.
   */
  options(publishId: string, frameMax: number): Options.Publish;
}

/** The name of each property in AMQP, and in amqplib; the headers are missing here. */
export const PROPERTY_NAMES = {
  app_id: 'appId',
  message_id: 'messageId',
  correlation_id: 'correlationId',
  reply_to: 'replyTo',
  type: 'type',
  content_type: 'contentType',
  content_encoding: 'contentEncoding',
  timestamp: 'timestamp',
  priority: 'priority',
  expiration: 'expiration',
  user_id: 'userId',
} as const;

export function deliveryOf(message: ConsumeMessage, channel: DeliveryChannel): Delivery {
  const { properties, fields, content } = message;
  return {
    body: content,
    size: sizeOf(message),
    redelivered: fields.redelivered,
    channel,
    unreadable: isUnreadable(message),
    properties: {
      appId: textOf(properties.appId),
      messageId: textOf(properties.messageId),
      correlationId: textOf(properties.correlationId),
      replyTo: textOf(properties.replyTo),
      contentEncoding: textOf(properties.contentEncoding),
      headers: headersOf(message),
    },
  };
}

/** An answer: persistent, with a unique `message_id` per publish. */
export function replyMessage(reply: Reply): OutgoingMessage {
  return {
    queue: reply.to,
    body: reply.body,
    options: (publishId) => ({
      persistent: true,
      contentType: 'application/xml',
      type: reply.type,
      messageId: publishId,
      headers: reply.headers,
      ...(reply.correlationId === undefined ? {} : { correlationId: reply.correlationId }),
    }),
  };
}

/** The publish id of this message, if it is one of ours. */
export function publishIdOf(message: Message): string | undefined {
  return textOf(headersOf(message)[HEADERS.publishId]) ?? textOf(message.properties.messageId);
}

export function headersOf(message: Message): Record<string, unknown> {
  const headers: Record<string, unknown> = message.properties.headers ?? {};
  // amqplib lets a header named `__proto__` become the table's prototype, whose fields would count
  // as headers.
  return Object.getPrototypeOf(headers) === Object.prototype ? headers : { ...headers };
}

/** The value, if it is a string and not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
