/** One message as the broker handed it over. Nothing in it has been checked. */
export interface Delivery {
  readonly body: Uint8Array;
  /** The broker's mark: this message was handed out before, to us or to another consumer. */
  readonly redelivered: boolean;
  /** Some of its properties cannot be read and are left out here, its headers first of all: it must not be executed. */
  readonly unreadable?: boolean;
  readonly properties: DeliveryProperties;
}

/** The AMQP properties that the worker reads; `undefined` where the producer set none. */
export interface DeliveryProperties {
  readonly appId: string | undefined;
  readonly messageId: string | undefined;
  readonly correlationId: string | undefined;
  readonly replyTo: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
}
