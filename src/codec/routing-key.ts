import { trimmed } from '../protocol/characters.ts';
import type { DeadLetter } from '../protocol/dead-letter.ts';
import { routingKeyOf, type RequestQueues } from '../protocol/request-queues.ts';
import { decode } from './decode.ts';

/** Above every sensible MAX_REQUEST_BYTES: a longer document is refused, whatever queue it waits in. */
const MAX_BYTES = 1024 * 1024;

/**
 * The routing key of a request document, read from its method and its contact_id; the message_id
 * where it has none, or cannot be read.
 */
export function routingKeyIn(body: Uint8Array, messageId: string | undefined): string {
  const decoded = decode(body, { maxBytes: MAX_BYTES });
  if (!decoded.ok) return routingKeyOf('', undefined, messageId);
  const { method, body: elements } = decoded.request;
  const contact = elements.find(({ name }) => name === 'contact')?.children ?? [];
  const id = [...elements, ...contact].find(({ name }) => name === 'contact_id')?.text;
  return routingKeyOf(method, id === undefined ? undefined : trimmed(id), messageId);
}

/** Where a letter's request is published again. */
export function letterAddress(
  { name, count }: RequestQueues,
  { body, properties: { message_id: messageId } }: Pick<DeadLetter, 'body' | 'properties'>,
): { readonly exchange: string; readonly routingKey: string } {
  if (count === 1) return { exchange: '', routingKey: name };
  return { exchange: name, routingKey: routingKeyIn(body, messageId === undefined ? undefined : String(messageId)) };
}
