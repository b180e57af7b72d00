import type { DeliveryChannel } from './delivery.ts';
import type { Fault } from './fault.ts';
import type { RequestKey } from './request-key.ts';
import type { XmlElement } from './request.ts';
import type { ResponseEnvelope } from './response.ts';

/** The result of reading a request's body: the command, or all of its faults in document order. */
export type Read<Command> =
  { readonly valid: true; readonly command: Command } | { readonly valid: false; readonly faults: readonly Fault[] };

/** One request to execute: its command, and the key by which its effect is recognised. */
export interface Work<Command> {
  readonly command: Command;
  readonly key: RequestKey;
  /** Milliseconds since the epoch; past it the request must not take effect. */
  readonly deadline?: number;
  /** The request is neither executed nor retried after this channel has closed. */
  readonly channel?: DeliveryChannel | undefined;
}

/** One API method. The registry holds them by name; nothing else knows how many there are. */
export interface Method<Command = unknown> {
  /** As on the wire, e.g. `contact.create`. */
  readonly name: string;
  /** Validates a request's body. Pure. Never throws, whatever a caller sends. */
  read(body: readonly XmlElement[]): Read<Command>;
  /**
   * The subject of the command: commands with equal subjects take effect in queue order.
   * `undefined`: no order needed.
   */
  subject?(command: Command): string | undefined;
  /** Total weight of a batch. The default is the dispatcher's. */
  readonly maxBatch?: number;
  /**
   * The weight of a command, above 0; 1 where absent. A command heavier than `maxBatch` is a batch
   * of its own.
   */
  weight?(command: Command): number;
  /**
   * Executes a batch; result `i` belongs to work `i`. Subjects are distinct within a batch. Rejects
   * with `UnavailableError` where the store is unavailable or the outcome of any item is unknown:
   * the same batch is then executed again with the same keys. Any other rejection is a defect of at
   * least one item. An `Error` in place of a response concerns this item alone: a
   * `StoreDefectError` is a failed attempt, any other error means that no attempt helps.
   */
  execute(batch: readonly Work<Command>[]): Promise<readonly (ResponseEnvelope | Error)[]>;
  /**
   * For a method with an effect: the answer of an earlier execution of each request, `undefined`
   * where there was none. Changes nothing; rejects as `execute` does. Called when a deadline is
   * over, so that the answer reports the truth about the effect.
   */
  findEarlierOutcomes?(batch: readonly Work<Command>[]): Promise<readonly (ResponseEnvelope | undefined)[]>;
}
