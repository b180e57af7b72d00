import type { ConsumeMessage } from 'amqplib';

import type { Settlement } from '../../protocol/settlement.ts';
import type { ConsumerEvents, Settled } from './consumer-events.ts';
import type { DeadLetterOutcome, DeadLetterPublisher } from './dead-letter-publisher.ts';
import type { Subscription } from './subscription.ts';

/** A delivery, and the subscription on whose channel it is settled. */
export type Delivered = { readonly subscription: Subscription; readonly message: ConsumeMessage };
type How = 'acknowledged' | DeadLetterOutcome;

/** Settles deliveries as the handler decides. */
export class Settling {
  readonly #deadLetters: DeadLetterPublisher;
  readonly #events: Pick<ConsumerEvents, 'deadLettered'>;
  readonly #settled: (subscription: Subscription, how: Settled, ms: number) => void;

  /** `settled`: called once for each delivery; `ms` are milliseconds since the delivery. */
  constructor(
    deadLetters: DeadLetterPublisher,
    events: Pick<ConsumerEvents, 'deadLettered'>,
    settled: (subscription: Subscription, how: Settled, ms: number) => void,
  ) {
    this.#deadLetters = deadLetters;
    this.#events = events;
    this.#settled = settled;
  }

  async carryOut(delivery: Delivered, settlement: Settlement): Promise<void> {
    if (settlement.kind === 'acknowledge') return this.settle(delivery, 'acknowledged');
    if (settlement.kind === 'hand-back') return this.settle(delivery, 'handed-back');
    const gone = (): boolean => delivery.subscription.gone || !delivery.subscription.holds(delivery.message);
    const outcome = await this.#deadLetters.publish(delivery.message, settlement.diagnosis, gone);
    if (outcome !== 'handed-back') this.#events.deadLettered(settlement.diagnosis);
    this.settle(delivery, outcome, outcome === 'handed-back' ? undefined : settlement.acknowledged);
  }

  /** Calls `acknowledged` once the broker certainly has the settlement. */
  settle({ subscription, message }: Delivered, how: How, acknowledged?: () => void): void {
    const settled = how === 'unsendable' ? 'dead-lettered' : how;
    const onSettled = (lost: boolean, ms: number): void => {
      this.#settled(subscription, lost ? 'lost' : settled, ms);
      if (!lost && acknowledged !== undefined) void subscription.flushed().then(acknowledged, () => undefined);
    };
    if (how === 'handed-back') subscription.requeue(message, onSettled);
    else if (how === 'unsendable') subscription.deadLetter(message, onSettled);
    else subscription.acknowledge(message, onSettled);
  }
}
