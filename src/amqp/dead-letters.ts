import type { DeadLetterQueue } from '../protocol/dead-letter.ts';
import { openConnection, type ConnectionSettings } from './connection.ts';
import { LetterVisit } from './letter-visit.ts';

/** Opens the dead-letter queue of `requestQueue` at the first of the brokers that can be reached. */
export async function openDeadLetters(settings: ConnectionSettings, requestQueue: string): Promise<DeadLetterQueue> {
  let failure: unknown = new Error('no broker URL is set');
  for (let attempt = 0; attempt < settings.urls.length; attempt += 1) {
    try {
      const connection = await openConnection(settings, 'contacts dead-letters', attempt, () => undefined);
      return {
        visit: (visitor) => new LetterVisit(connection, settings.timeoutMs, requestQueue, visitor).run(),
        close: () => connection.close(),
      };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
