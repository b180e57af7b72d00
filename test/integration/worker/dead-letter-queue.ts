import type { Channel, GetMessage } from 'amqplib';
import { vi } from 'vitest';

import { POLLING } from '../../support/polling.ts';

/** Waits for the next message of the dead-letter queue of `requestQueue`, and removes it. */
export function nextDeadLetter(
  channel: Channel,
  requestQueue: string,
  timeoutMs: number = POLLING.timeout,
): Promise<GetMessage> {
  const get = async (): Promise<GetMessage> => {
    const letter = await channel.get(`${requestQueue}.dead`, { noAck: true });
    if (letter === false) throw new Error('no dead letter');
    return letter;
  };
  return vi.waitFor(get, { ...POLLING, timeout: timeoutMs });
}

/** Returns the number of ready messages in the dead-letter queue of `requestQueue`. */
export async function deadLetterCount(channel: Channel, requestQueue: string): Promise<number> {
  return (await channel.checkQueue(`${requestQueue}.dead`)).messageCount;
}
