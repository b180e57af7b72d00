import type { Message, Options } from 'amqplib';

import type { DeadLetter } from '../protocol/dead-letter.ts';

/** AMQP's name of each property, and amqplib's. */
const PROPERTIES = {
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

/** Not sent again: the broker closes the channel over a foreign `user_id`, and what is sent back must not expire. */
const NOT_SENT_BACK: ReadonlySet<string> = new Set(['expiration', 'user_id']);

/** How often the request was sent back before; 1 the first time. */
const SENT_BACK_HEADER = 'sent-back';

/**
 * Headers that are not the producer's: the worker's diagnosis and the broker's own. CC is the producer's, but would make
 * the broker put further copies into other queues.
 */
const FOREIGN_HEADERS =
  /^(?:diagnosis-.*|publish-id|x-death|x-(?:first|last)-death-.*|x-(?:delivery|acquired)-count|B?CC)$/;

export function letterOf({ content, properties }: Message): DeadLetter {
  const values = properties as unknown as Readonly<Record<string, unknown>>;
  const found: Record<string, string | number> = {};
  for (const [name, ours] of Object.entries(PROPERTIES)) {
    const value = values[ours];
    if (typeof value === 'number' || (typeof value === 'string' && value !== '')) found[name] = value;
  }
  return { body: content, properties: found, headers: properties.headers ?? {} };
}

/** The properties of the request as its producer sent it: what worker and broker added is left out. */
export function requestOptions({ properties, headers }: DeadLetter): Options.Publish {
  const kept = Object.entries(PROPERTIES).filter(([name]) => name in properties && !NOT_SENT_BACK.has(name));
  const before = headers[SENT_BACK_HEADER];
  return {
    ...Object.fromEntries(kept.map(([name, ours]) => [ours, properties[name]])),
    persistent: true,
    headers: {
      ...Object.fromEntries(Object.entries(headers).filter(([name]) => !FOREIGN_HEADERS.test(name))),
      [SENT_BACK_HEADER]: (typeof before === 'number' ? before : 0) + 1,
    },
  };
}
