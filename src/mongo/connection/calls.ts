import type { MongoClient } from 'mongodb';

import { UnavailableError } from '../../protocol/errors.ts';
import { retryUntil } from '../../time/retry.ts';
import { within } from '../../time/limit.ts';
import type { ClientLimits } from './client.ts';
import { isUnavailable, translateErrors } from './errors.ts';
import { knownReason } from './unavailable-reason.ts';

/**
 * Runs one call to the database within a time limit; `what` names it. Rejects as `translateErrors`
 * does.
 */
export type Call = <T>(what: string, call: () => Promise<T>) => Promise<T>;

/** The guard that all calls to the database pass. */
export interface Calls {
  readonly run: Call;
  /** Why the last call found the database unavailable; `undefined` once a call succeeds. */
  trouble(): string | undefined;
  /** Records why the database is unavailable, where an error shows it that no caller waits for. */
  note(error: unknown): void;
  /** Ends a reconnect in progress. */
  stop(): void;
}

/** The sum of the driver's own limits: after it the driver has lost the call. */
function maxCallMs({ connectMs, answerMs, poolWaitMs }: ClientLimits): number {
  return connectMs + poolWaitMs + 2 * answerMs + 1_000;
}

/** How long every call may fail before the client reconnects. */
function maxFailingMs({ connectMs }: ClientLimits): number {
  return 3 * connectMs;
}

/**
 * A guard around the driver. mongodb 7.9 waits for ever if it writes to a destroyed socket that has
 * not reported its end. Such a call never ends, and a server monitor in this state never finds its
 * server again. So the guard ends each call, and reconnects a client whose calls keep failing.
 */
export function createCalls(client: MongoClient, limits: ClientLimits): Calls {
  const stopping = new AbortController();
  const retries = retryUntil(stopping.signal);
  let failingSince: number | undefined;
  let trouble: string | undefined;
  let reconnecting = false;

  // A time limit that ends the call says nothing; the reason that is known stays.
  const note = (error: unknown): void => {
    trouble = knownReason(error) ?? trouble;
  };
  const reconnect = async (): Promise<void> => {
    reconnecting = true;
    await within(limits.connectMs, 'closing the client', client.close(true)).catch(() => undefined);
    for (let failures = 1; !retries.abandoned(); failures += 1) {
      try {
        await within(maxCallMs(limits), 'reconnecting', client.connect());
        break;
      } catch (error) {
        note(error);
        await retries.pause(failures);
      }
    }
    reconnecting = false;
    failingSince = undefined;
  };
  const failed = (): void => {
    failingSince ??= Date.now();
    if (!reconnecting && Date.now() - failingSince > maxFailingMs(limits)) void reconnect();
  };
  return {
    stop: () => stopping.abort(),
    trouble: () => trouble,
    note,
    run: (what, call) =>
      translateErrors(what, async () => {
        try {
          const result = await within(maxCallMs(limits), what, call());
          failingSince = undefined;
          trouble = undefined;
          return result;
        } catch (error) {
          note(error);
          // A call within this one has translated its error. A server that rejects a command is
          // available: reconnecting would not help.
          if (error instanceof UnavailableError || isUnavailable(error)) failed();
          else failingSince = undefined;
          throw error;
        }
      }),
  };
}
