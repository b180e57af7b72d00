/** One message as the broker delivered it. Nothing in it is validated. */
export interface Delivery {
  /** The content, or its start where `size` says so. */
  readonly body: Uint8Array;
  /** Set where the content is larger than any that is read: its bytes. */
  readonly size?: number | undefined;
  /** The broker's flag: the message was delivered before, to this consumer or another. */
  readonly redelivered: boolean;
  /**
   * Some properties, the headers first of all, cannot be read and are missing here: the request
   * must not be executed.
   */
  readonly unreadable?: boolean;
  readonly properties: DeliveryProperties;
  readonly channel: DeliveryChannel;
}

/** The channel of a delivery. */
export interface DeliveryChannel {
  /** It is closed for good: the broker redelivers, to any worker, what was not settled on it. */
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
 * Whether the property holds what was sent. AMQP's short strings are UTF-8. The client library
 * replaces other bytes by U+FFFD, so that two different texts may look the same. A U+FFFD that was
 * really sent cannot be distinguished from that.
 */
export function isReadable(property: string): boolean {
  return !property.includes('\uFFFD');
}
