import { randomUUID } from 'node:crypto';

import type { ConsumeMessage, Options } from 'amqplib';

import { deadLetterQueueOf } from '../amqp/connection/topology.ts';
import { deadLetterMessage } from '../amqp/consumer/dead-letter-message.ts';
import { deliveryOf, replyMessage } from '../amqp/wire/messages.ts';
import { decode } from '../codec/decode.ts';
import { encode } from '../codec/encode.ts';
import { identityOf } from '../pipeline/identity.ts';
import { respond } from '../pipeline/respond.ts';
import { NO_METHOD } from '../protocol/catalogue.ts';

/** A message for the default exchange. */
export interface Publication {
  readonly queue: string;
  readonly body: Buffer;
  readonly options: Options.Publish;
}

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
  const { replyTo: to, correlationId, messageId } = request.properties as Readonly<Record<string, string | undefined>>;
  const defect = { kind: 'defect', first: ERROR, last: ERROR, attempts: 1, batch: 1 } as const;
  const answer = respond(defect, referenceId, encode);
  if (to !== undefined && answer !== undefined) {
    const decoded = decode(request.content);
    const type = (decoded.ok ? decoded.request.method : decoded.method) ?? NO_METHOD;
    const { headers, body } = answer;
    messages.push(replyMessage({ to, correlationId: correlationId ?? messageId, type, headers, body }));
  }
  return messages.map(({ queue, body, options }) => ({ queue, body, options: options(randomUUID(), FRAME_BYTES) }));
}
