/** Why the broker closed a channel or a connection, in its own words. */
export interface CloseReason {
  readonly code: number;
  readonly text: string;
}

/**
 * AMQP's codes that a single message can bring about, and how many closes with the message alone on the wire it takes
 * before the message is held to be the cause. 541 (a crash inside the broker) may as well be the broker's own trouble.
 * Not here: 320, an operator's or a stopping node's; 402, 530, a vhost's; and all losses without a code.
 */
const STRIKES_BY_CODE: ReadonlyMap<number, number> = new Map([
  [311, 2],
  [313, 2],
  [403, 2],
  [404, 2],
  [406, 2],
  [501, 2],
  [502, 2],
  [503, 2],
  [505, 2],
  [540, 2],
  [541, 4],
]);

/** Closes that a message must have been part of, the last of them alone, to be the cause; infinite where none can be. */
export function strikesNeeded(reason: CloseReason | undefined): number {
  return (reason && STRIKES_BY_CODE.get(reason.code)) ?? Infinity;
}

/** What amqplib tells of a close by the broker; `undefined` of any other error. */
export function closeReasonOf(error: Error): CloseReason | undefined {
  const { code } = error as { code?: unknown };
  if (typeof code !== 'number' || !/^(?:Channel closed by server|Connection closed): /.test(error.message))
    return undefined;
  return { code, text: error.message };
}

/** The largest body that the broker takes, where it says so; else infinite. */
export function largestBodyOf(reason: CloseReason | undefined): number {
  const found = /message size \d+ is larger than configured max size (\d+)/.exec(reason?.text ?? '');
  return found === null ? Infinity : Number(found[1]);
}
