import { requestQueuesOf, rosterOf, type RequestQueues } from '../../protocol/request-queues.ts';
import type { ConnectionSettings } from '../connection/connection.ts';
import { MajorityProbe, majorityQueuesOf } from '../connection/majority-probe.ts';
import { RequestExchange } from '../connection/request-exchange.ts';
import type { Publisher } from '../publisher/publisher.ts';
import type { ConsumerEvents } from './consumer-events.ts';
import type { ConsumerSettings, Handler } from './consumer-settings.ts';
import { Consumer } from './consumer.ts';
import { QueueShare } from './queue-share.ts';
import { Roster } from './roster.ts';
import { SharedMajority } from './shared-majority.ts';

/** What a worker needs of its one consumer, or of one for each queue. */
export type RequestConsumer = Pick<
  Consumer,
  | 'ended'
  | 'started'
  | 'ready'
  | 'trouble'
  | 'inFlight'
  | 'depths'
  | 'oldestRequestAgeS'
  | 'pause'
  | 'stopConsuming'
  | 'drained'
  | 'requeueUnsettled'
  | 'stop'
>;

/** `prefetch`: of all queues together, at least their number. */
type GroupSettings = Omit<ConsumerSettings, 'queue' | 'several' | 'declareExchange'> & {
  readonly queues: RequestQueues;
};

/** Begins to consume: one queue with one consumer, or several with one each. */
export function openConsumer(...[connection, settings, ...rest]: ConsumerArguments): RequestConsumer {
  const { queues, ...own } = settings;
  if (queues.count > 1) return new ConsumerGroup(connection, settings, ...rest);
  const exchange = new RequestExchange(queues, connection.timeoutMs);
  const declareExchange = exchange.declare.bind(exchange);
  return new Consumer(connection, { queue: queues.name, ...own, declareExchange }, ...rest);
}

type ConsumerArguments = ConstructorParameters<typeof ConsumerGroup>;

/** Consumes several queues, each with a consumer, a connection and an eye on its troubles of its own. */
class ConsumerGroup implements RequestConsumer {
  readonly #consumers: readonly Consumer[];

  constructor(
    connection: ConnectionSettings,
    { queues, prefetch, exitWhenStuckMs }: GroupSettings,
    handle: Handler,
    publisher: Publisher,
    events: ConsumerEvents,
  ) {
    const exchange = new RequestExchange(queues, connection.timeoutMs);
    const share = new QueueShare(queues.count);
    const roster = new Roster(rosterOf(queues.name));
    const probe = new MajorityProbe(connection, majorityQueuesOf(queues.name));
    const majority = new SharedMajority((url) => probe.ask(url));
    const declareExchange = exchange.declare.bind(exchange);
    const together = new GroupEvents(
      requestQueuesOf(queues).map(({ queue }) => queue),
      events,
    );
    this.#consumers = requestQueuesOf(queues).map(({ queue, deadLetterQueue }) => {
      const several = { deadLetterQueue, share, roster, majority };
      const settings = {
        queue,
        prefetch: Math.floor(prefetch / queues.count),
        priority: 0,
        exitWhenStuckMs,
        several,
        declareExchange,
      };
      return new Consumer(connection, settings, handle, publisher, together.of(queue));
    });
  }

  get ended(): Promise<void> {
    return this.#all(({ ended }) => ended);
  }

  get started(): Promise<void> {
    return this.#all(({ started }) => started);
  }

  get ready(): boolean {
    return this.#consumers.every(({ ready }) => ready);
  }

  trouble(): string | undefined {
    const troubles = this.#consumers.map((consumer) => consumer.trouble());
    return troubles.find((trouble) => trouble !== undefined);
  }

  get inFlight(): number {
    return this.#consumers.reduce((sum, { inFlight }) => sum + inFlight, 0);
  }

  get depths(): ReadonlyMap<string, number> {
    return new Map(this.#consumers.flatMap(({ depths }) => [...depths]));
  }

  get oldestRequestAgeS(): number {
    return Math.max(...this.#consumers.map(({ oldestRequestAgeS }) => oldestRequestAgeS));
  }

  pause(paused: boolean): Promise<void> {
    return this.#all((consumer) => consumer.pause(paused));
  }

  stopConsuming(): Promise<void> {
    return this.#all((consumer) => consumer.stopConsuming());
  }

  drained(): Promise<void> {
    return this.#all((consumer) => consumer.drained());
  }

  requeueUnsettled(): number {
    return this.#consumers.reduce((sum, consumer) => sum + consumer.requeueUnsettled(), 0);
  }

  stop(): Promise<void> {
    return this.#all((consumer) => consumer.stop());
  }

  async #all(of: (consumer: Consumer) => Promise<void>): Promise<void> {
    await Promise.all(this.#consumers.map(of));
  }
}

/** Reports the state of the consumers as that of one: bad as soon as one is, good once all are. */
class GroupEvents {
  readonly #events: ConsumerEvents;
  /** Queues whose channel is not up. */
  readonly #down: Set<string>;
  readonly #cautious = new Set<string>();

  constructor(queues: readonly string[], events: ConsumerEvents) {
    this.#down = new Set(queues);
    this.#events = events;
  }

  of(queue: string): ConsumerEvents {
    const events = this.#events;
    return {
      ...events,
      lost: (name, reason, failures) => {
        this.#down.add(queue);
        events.lost(name, `${queue}: ${reason}`, failures);
      },
      restored: (name) => {
        // A channel that is replaced on purpose was not down.
        if (this.#down.delete(queue) && this.#down.size === 0) events.restored(name);
      },
      cautious: (reason) => {
        const isChange = reason === undefined ? this.#cautious.delete(queue) : !this.#cautious.has(queue);
        if (reason !== undefined) this.#cautious.add(queue);
        if (isChange && (reason !== undefined || this.#cautious.size === 0)) events.cautious(reason);
      },
    };
  }
}
