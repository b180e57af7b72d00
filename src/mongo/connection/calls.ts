import type { MongoClient } from 'mongodb';

import { backOffMs, pause } from '../../time/retry.ts';
import { within } from '../../time/limit.ts';
import type { ClientLimits } from './client.ts';
import { isAway, translateErrors } from './errors.ts';

/** Runs one call to the database; `what` names it. Rejects with `UnavailableError` or `StoreDefectError`, within a time limit. */
export type Call = <T>(what: string, call: () => Promise<T>) => Promise<T>;

/** All calls to the database go through it. */
export interface Calls {
  readonly run: Call;
  /** Ends what is being revived. */
  stop(): void;
}

/** What the driver's own limits add up to; beyond it a call has been forgotten. */
function longestCallMs({ connectMs, answerMs, poolWaitMs }: ClientLimits): number {
  return connectMs + poolWaitMs + 2 * answerMs + 1_000;
}

/** So long nothing may succeed before the client is given a new life. */
function longestFailingMs({ connectMs }: ClientLimits): number {
  return 3 * connectMs;
}

/**
 * A last guard around the driver. mongodb 7.9 waits for ever where it writes to a socket that was destroyed and has not
 * said so yet: a call then has no end, and a server's monitor that it happens to finds no server any more, even when
 * it is back. So each call ends here at the latest, and a client that has failed for long is closed and connected again.
 */
export function createCalls(client: MongoClient, limits: ClientLimits): Calls {
  const stopping = new AbortController();
  let failingSince: number | undefined;
  let reviving = false;

  const revive = async (): Promise<void> => {
    reviving = true;
    await within(limits.connectMs, 'closing the client', client.close(true)).catch(() => undefined);
    for (let failures = 1; !stopping.signal.aborted; failures += 1) {
      try {
        await within(longestCallMs(limits), 'connecting again', client.connect());
        break;
      } catch {
        await pause(backOffMs(failures), stopping.signal);
      }
    }
    reviving = false;
    failingSince = undefined;
  };
  const failed = (): void => {
    failingSince ??= Date.now();
    if (!reviving && Date.now() - failingSince > longestFailingMs(limits)) void revive();
  };
  return {
    stop: () => stopping.abort(),
    run: (what, call) =>
      translateErrors(what, async () => {
        try {
          const result = await within(longestCallMs(limits), what, call());
          failingSince = undefined;
          return result;
        } catch (error) {
          // A server that refuses what it is asked is there: nothing is gained by connecting again.
          if (isAway(error)) failed();
          else failingSince = undefined;
          throw error;
        }
      }),
  };
}
