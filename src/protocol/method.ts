import type { DeliveryChannel } from './delivery.ts';
import type { Fault } from './fault.ts';
import type { RequestKey } from './request-key.ts';
import type { XmlElement } from './request.ts';
import type { ResponseEnvelope } from './response.ts';

/** What reading a request's body gives: the command, or every problem of it in document order. */
export type Read<Command> =
  { readonly valid: true; readonly command: Command } | { readonly valid: false; readonly faults: readonly Fault[] };

/** One request to be executed: its command and the key that makes its effect recognisable. */
export interface Work<Command> {
  readonly command: Command;
  readonly key: RequestKey;
  /** Milliseconds since the epoch after which it must not take effect any more. */
  readonly deadline?: number;
  /** What it came over: it is not run, nor run again, once that is gone. */
  readonly channel?: DeliveryChannel | undefined;
}

/** One API method. The registry holds them by name; nothing else knows how many there are. */
export interface Method<Command = unknown> {
  /** As on the wire, e.g. `contact.create`. */
  readonly name: string;
  /** Checks a request's body. Pure; never throws for what a caller can send. */
  read(body: readonly XmlElement[]): Read<Command>;
  /** What the command is about: commands with equal subjects take effect in queue order. `undefined`: no order needed. */
  subject?(command: Command): string | undefined;
  /** What the commands executed in one batch may weigh together; the default is the dispatcher's. */
  readonly maxBatch?: number;
  /** How heavy a command is, above 0; 1 where absent. One that is heavier than `maxBatch` makes a batch of its own. */
  weight?(command: Command): number;
  /**
   * Executes a batch; result `i` belongs to work `i`. Subjects are distinct within a batch.
   * Rejects with `UnavailableError` where the outcome of any is unknown or the store is away: the same batch, with the
   * same keys, is then run again. Any other rejection is a defect of at least one item. An `Error` in the place of a response is
   * about this item and not about its neighbours: a `StoreDefectError` is an attempt that failed, any other says that no attempt helps.
   */
  execute(batch: readonly Work<Command>[]): Promise<readonly (ResponseEnvelope | Error)[]>;
  /**
   * For a method with an effect: the answer of an earlier run of each request, `undefined` where there was none. Changes
   * nothing; rejects as `execute` does. Asked when a deadline is over: the answer tells the truth about the effect.
   */
  findEarlierOutcomes?(batch: readonly Work<Command>[]): Promise<readonly (ResponseEnvelope | undefined)[]>;
}
