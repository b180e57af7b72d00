import { randomUUID } from 'node:crypto';

import type { ConsumeMessage } from 'amqplib';

import { deadLetterMessage } from '../amqp/consumer/dead-letter-message.ts';
import { deliveryOf, replyMessage } from '../amqp/wire/messages.ts';
import { decode } from '../codec/decode.ts';
import { encode } from '../codec/encode.ts';
import { identityOf } from '../pipeline/identity.ts';
import { respond } from '../pipeline/respond.ts';
import { NO_METHOD } from '../protocol/catalogue.ts';
import { deadLetterQueueOf } from '../protocol/request-queues.ts';
import type { Publication } from './publication.ts';

const ERROR = 'a fault of the test';
/** A frame of the broker's default size. */
const FRAME_BYTES = 131_072;

/**
 * What the worker sends when a request meets a defect, made by the worker's own code: the dead
 * letter, and the answer where one is wanted.
 */
export function internalErrorOf(request: ConsumeMessage, requestQueue: string): readonly Publication[] {
  const delivery = deliveryOf(request, { gone: false });
  const { referenceId } = identityOf(delivery);
  const diagnosis = { code: 'INTERNAL_ERROR', attempts: 1, firstError: ERROR, lastError: ERROR, referenceId } as const;
  const letter = deadLetterMessage(request, deadLetterQueueOf(requestQueue), diagnosis);
  const messages = [letter];
  const { replyTo: to, correlationId = delivery.properties.messageId } = delivery.properties;
  const defect = { kind: 'defect', first: ERROR, last: ERROR, attempts: 1, batch: 1 } as const;
  const answer = respond(defect, referenceId, encode);
  if (to !== undefined && answer !== undefined) {
    const decoded = decode(request.content);
    const type = (decoded.ok ? decoded.request.method : decoded.method) ?? NO_METHOD;
    const { headers, body } = answer;
    messages.push(replyMessage({ to, correlationId, type, headers, body }));
  }
  return messages.map((message) => {
    const { queue, body } = message;
    return { queue, body, options: message.options(randomUUID(), FRAME_BYTES) };
  });
}
