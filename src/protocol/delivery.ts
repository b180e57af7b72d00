/** One message as the broker handed it over. Nothing in it has been checked. */
export interface Delivery {
  readonly body: Uint8Array;
  /** The broker's mark: this message was handed out before, to us or to another consumer. */
  readonly redelivered: boolean;
  /** Some of its properties cannot be read and are left out here, its headers first of all: it must not be executed. */
  readonly unreadable?: boolean;
  readonly properties: DeliveryProperties;
  readonly channel: DeliveryChannel;
}

/** What a delivery came over. */
export interface DeliveryChannel {
  /** It is closed, for good: the broker hands out again, to whichever worker, what was not settled on it. */
  readonly gone: boolean;
}

/** The AMQP properties that the worker reads; `undefined` where the producer set none. */
export interface DeliveryProperties {
  readonly appId: string | undefined;
  readonly messageId: string | undefined;
  readonly correlationId: string | undefined;
  readonly replyTo: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
}

/**
 * Whether the property holds what was sent. AMQP's short strings are UTF-8; where bytes are not, the client library puts
 * U+FFFD in their place, and two different texts may look the same. A U+FFFD that was really sent cannot be told from that.
 */
export function isReadable(property: string): boolean {
  return !property.includes('\uFFFD');
}
