import { createHash } from 'node:crypto';

import type { DeadLetter, LetterFate, LetterVisitor } from '../../protocol/dead-letter.ts';
import { Amqp10Receiver } from './amqp10-receiver.ts';
import { readAmqp10, textOf, type Amqp10Value } from './amqp10-values.ts';

const [MESSAGE_ANNOTATIONS, PROPERTIES, APPLICATION_PROPERTIES, DATA] = [0x72, 0x73, 0x74, 0x75];
/**
 * From here on the message is as its sender encoded it; brokers change only the sections before.
 */
const BARE_MESSAGE = PROPERTIES;
/**
 * Types that AMQP 0-9-1 lacks. RabbitMQ 4.3 closes the connection instead of converting them to a
 * header.
 */
const UNKNOWN_TYPES: ReadonlySet<number> = new Set([0x73 /* char */, 0x98 /* uuid */]);
/** The fields of the properties section that are reported, by position. */
const PROPERTY_NAMES: Readonly<Record<number, string>> = { 0: 'message_id', 4: 'reply_to', 5: 'correlation_id' };

/** Moves letters aside that the broker cannot deliver to an AMQP 0-9-1 client. */
export class UndeliverableSweep {
  readonly #receiver: Amqp10Receiver;
  readonly #visitor: LetterVisitor;
  readonly #held: { readonly deliveryId: number; readonly decision: LetterFate }[] = [];

  private constructor(receiver: Amqp10Receiver, visitor: LetterVisitor) {
    this.#receiver = receiver;
    this.#visitor = visitor;
  }

  /**
   * Receives `count` letters over AMQP 1.0 and releases, in order, those that any client can
   * receive. `visitor` decides about the others, which are held until `settle`. `returned`: how
   * many were released.
   */
  static async of(
    url: string,
    queue: string,
    timeoutMs: number,
    count: number,
    visitor: LetterVisitor,
  ): Promise<{ readonly sweep: UndeliverableSweep; readonly returned: number }> {
    const receiver = await Amqp10Receiver.open(url, queue, timeoutMs);
    const sweep = new UndeliverableSweep(receiver, visitor);
    try {
      return { sweep, returned: await sweep.#decide(count) };
    } catch (error) {
      await receiver.close();
      throw error;
    }
  }

  async #decide(count: number): Promise<number> {
    const runs: { readonly first: number; last: number }[] = [];
    let returned = 0;
    await this.#receiver.receive(count, (deliveryId, message) => {
      const letter = undeliverableOf(message);
      if (letter !== undefined) {
        this.#held.push({ deliveryId, decision: this.#visitor.decide(letter) });
        return;
      }
      returned += 1;
      const run = runs.at(-1);
      if (run !== undefined && run.last + 1 === deliveryId) run.last = deliveryId;
      else runs.push({ first: deliveryId, last: deliveryId });
    });
    for (const { first, last } of runs) this.#receiver.settle(first, last, 'released');
    return returned;
  }

  /** Carries out the decisions about the held letters, and closes the connection. */
  async settle(): Promise<void> {
    for (const { deliveryId, decision } of this.#held) {
      if (decision === 'discard') this.#visitor.settling?.(decision);
      this.#receiver.settle(deliveryId, deliveryId, decision === 'discard' ? 'accepted' : 'released');
    }
    await this.#receiver.close();
  }
}

/**
 * The readable part of a message that the broker cannot deliver over AMQP 0-9-1; `undefined` for
 * any other message.
 */
function undeliverableOf(message: Buffer): DeadLetter | undefined {
  const sections: Amqp10Value[] = [];
  let bareStart = message.length;
  for (let offset = 0; offset < message.length;) {
    const { value, end } = readAmqp10(message, offset);
    if ((value.descriptor ?? 0) >= BARE_MESSAGE && offset < bareStart) bareStart = offset;
    sections.push(value);
    offset = end;
  }
  const sectionsOf = (descriptor: number): Amqp10Value[] =>
    sections.filter((section) => section.descriptor === descriptor);
  const asHeaders = [...sectionsOf(MESSAGE_ANNOTATIONS), ...sectionsOf(APPLICATION_PROPERTIES)];
  if (!asHeaders.some(holdsUnknownType)) return undefined;
  const fields = sectionsOf(PROPERTIES)[0]?.items ?? [];
  const known = Object.entries(PROPERTY_NAMES).map(([at, name]) => [name, textOf(fields[Number(at)])] as const);
  return {
    body: Buffer.concat(sectionsOf(DATA).map(({ bytes }) => bytes)),
    properties: Object.fromEntries(known.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]]))),
    headers: {},
    identity: createHash('sha256').update(message.subarray(bareStart)).digest('base64'),
    unreadable: 'undeliverable',
  };
}

function holdsUnknownType({ constructorCode, items }: Amqp10Value): boolean {
  return UNKNOWN_TYPES.has(constructorCode) || items.some(holdsUnknownType);
}
