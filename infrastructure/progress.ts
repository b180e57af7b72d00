// Public module of infrastructure/: messages for the user, and waiting.
const started = Date.now();

function seconds(from: number): string {
  return `${((Date.now() - from) / 1000).toFixed(0)} s`;
}

/** Prints one line on standard error, with the seconds since the program's start. */
export function printProgress(text: string): void {
  process.stderr.write(`[${seconds(started).padStart(5)}] ${text}\n`);
}

/**
 * Runs one long step and prints its start, a reminder every 15 seconds, and its end with the
 * duration.
 */
export async function step<Result>(title: string, work: () => Promise<Result>): Promise<Result> {
  const from = Date.now();
  printProgress(`${title} …`);
  const reminder = setInterval(() => printProgress(`${title} … still running after ${seconds(from)}`), 15_000);
  try {
    const result = await work();
    printProgress(`${title}: done in ${seconds(from)}`);
    return result;
  } finally {
    clearInterval(reminder);
  }
}

/** An error that the user can resolve; printed without a stack. */
export class UserFacingError extends Error {
  override readonly name = 'UserFacingError';
}

/**
 * Polls every 200 ms until `check` returns something other than undefined. Throws a UserFacingError
 * after `limitMs`.
 */
export async function waitFor<Value>(
  what: string,
  limitMs: number,
  check: () => Promise<Value | undefined>,
): Promise<Value> {
  const until = Date.now() + limitMs;
  for (;;) {
    const value = await check();
    if (value !== undefined) return value;
    if (Date.now() > until) throw new UserFacingError(`Timed out after ${limitMs / 1000} s waiting for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
