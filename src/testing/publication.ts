import type { ConsumeMessage, Options } from 'amqplib';

import { headersOf } from '../amqp/wire/messages.ts';

/** A message for the default exchange: `queue` is its routing key. */
export interface Publication {
  readonly queue: string;
  readonly body: Buffer;
  readonly options: Options.Publish;
}

/** Marks a request that a fault has forwarded to the worker. */
const COPY = 'contacts-testing-copy';
/** Headers of the broker, which sets them itself. */
const OF_THE_BROKER: ReadonlySet<string> = new Set(['x-delivery-count', 'x-acquired-count', COPY]);

/** A copy of a message, without the marks of its deliveries. */
export function copyOf({ content, properties }: ConsumeMessage, queue: string, headers: object): Publication {
  const { deliveryMode, ...others } = properties as unknown as Options.Publish;
  return { queue, body: content, options: { ...others, persistent: deliveryMode === 2, headers } };
}

/** The headers of a message that its sender has set. */
export function sentHeaders(message: ConsumeMessage): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(headersOf(message)).filter(([name]) => !OF_THE_BROKER.has(name)));
}

export function withMark(options: Options.Publish, copy: string): Options.Publish {
  const headers = options.headers as Readonly<Record<string, unknown>>;
  return { ...options, headers: { ...headers, [COPY]: copy } };
}

/** The mark of a forwarded request; `undefined` where it comes from its producer. */
export function markOf(message: ConsumeMessage): string | undefined {
  const mark = headersOf(message)[COPY];
  return typeof mark === 'string' ? mark : undefined;
}
