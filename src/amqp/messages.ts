import type { ConsumeMessage, Message, Options } from 'amqplib';

import type { Delivery } from '../protocol/delivery.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Diagnosis } from '../protocol/settlement.ts';
import { isUnreadable } from './unreadable.ts';

/** A message for the default exchange: `queue` is its routing key. */
export interface Outgoing {
  readonly queue: string;
  readonly body: Buffer;
  /** The properties, given an id that is unique per message and must be found again by `publishIdOf`. */
  options(publishId: string): Options.Publish;
}

/** Header of a dead letter that carries the publish id: its `message_id` must stay the producer's. */
const PUBLISH_ID_HEADER = 'publish-id';

export function deliveryOf(message: ConsumeMessage): Delivery {
  const { properties, fields, content } = message;
  return {
    body: content,
    redelivered: fields.redelivered,
    unreadable: isUnreadable(message),
    properties: {
      appId: textOf(properties.appId),
      messageId: textOf(properties.messageId),
      correlationId: textOf(properties.correlationId),
      replyTo: textOf(properties.replyTo),
      headers: headersOf(message),
    },
  };
}

/** An answer: persistent, its `message_id` unique per publishing. */
export function replyMessage(reply: Reply): Outgoing {
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

/**
 * The request as it was, with the diagnosis in headers. `expiration` and `user_id` are not copied: the broker closes the
 * channel over a bad one, and a dead letter must not expire.
 */
export function deadLetterMessage(request: Message, queue: string, diagnosis: Diagnosis): Outgoing {
  return {
    queue,
    body: request.content,
    options: (publishId) => ({
      ...keptProperties(request),
      persistent: true,
      headers: {
        ...withoutCopies(headersOf(request)),
        'diagnosis-code': diagnosis.code,
        'diagnosis-attempts': diagnosis.attempts,
        'diagnosis-first-error': diagnosis.firstError,
        'diagnosis-last-error': diagnosis.lastError,
        'diagnosis-reference-id': diagnosis.referenceId,
        'diagnosis-time': new Date().toISOString(),
        [PUBLISH_ID_HEADER]: publishId,
      },
    }),
  };
}

function keptProperties({ properties }: Message): Options.Publish {
  const names = ['contentType', 'contentEncoding', 'correlationId', 'replyTo', 'messageId', 'type', 'appId'] as const;
  const texts = names.map((name) => [name, textOf(properties[name])] as const);
  const timestamp: unknown = properties.timestamp;
  return {
    ...Object.fromEntries(texts.filter(([, value]) => value !== undefined)),
    ...(typeof timestamp === 'number' && { timestamp }),
  };
}

/** A dead letter whose own properties cannot be sent again: body and diagnosis alone. */
export function bareDeadLetterMessage(request: Message, queue: string, diagnosis: Diagnosis): Outgoing {
  return deadLetterMessage({ ...request, properties: { ...request.properties, ...NOTHING } }, queue, diagnosis);
}

const NOTHING = {
  contentType: undefined,
  contentEncoding: undefined,
  correlationId: undefined,
  replyTo: undefined,
  messageId: undefined,
  timestamp: undefined,
  type: undefined,
  appId: undefined,
  headers: {},
};

/** The id that `options` was given for this message, where it is one of ours. */
export function publishIdOf(message: Message): string | undefined {
  return textOf(headersOf(message)[PUBLISH_ID_HEADER]) ?? textOf(message.properties.messageId);
}

/** The broker would send a copy to each queue that CC or BCC names: the request queue, perhaps, for ever. */
function withoutCopies(headers: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'CC' && name !== 'BCC'));
}

function headersOf(message: Message): Record<string, unknown> {
  return message.properties.headers ?? {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
