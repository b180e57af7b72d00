import type { TlsFiles } from '../files/tls-files.ts';
import { createClient, DEFAULT_LIMITS } from './connection/client.ts';
import { mongodbTlsProblem, mongodbUrlProblem } from './connection/url.ts';

/** What the database says of itself. */
interface DatabaseState {
  /** Whether it takes writes; a secondary does not. */
  readonly writable: boolean;
  /** Its clock, in milliseconds since the epoch. */
  readonly clock: number;
  readonly contacts: number;
}

/**
 * Asks the server of the URL what it is, and closes the connection. Rejects with the reason where
 * it does not answer.
 */
export async function inspectDatabase(url: string, timeoutMs: number, tls?: TlsFiles): Promise<DatabaseState> {
  const urlProblem = mongodbUrlProblem(url);
  if (urlProblem !== undefined) throw new Error(`MONGODB_URL ${urlProblem}`);
  const limits = { ...DEFAULT_LIMITS, connectMs: timeoutMs, answerMs: timeoutMs, poolSize: 1 };
  const problem = tls === undefined ? undefined : mongodbTlsProblem(url);
  if (problem !== undefined) throw new Error(`MONGODB_TLS_…: ${problem}`);
  const client = createClient(url, limits, tls);
  try {
    const hello = await client.db().command({ hello: 1 });
    const contacts = await client.db().collection('contacts').estimatedDocumentCount();
    const { localTime, isWritablePrimary } = hello;
    return {
      writable: isWritablePrimary === true,
      clock: localTime instanceof Date ? localTime.getTime() : Date.now(),
      contacts,
    };
  } finally {
    await client.close();
  }
}
