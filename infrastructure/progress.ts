const started = Date.now();

function seconds(from: number): string {
  return `${((Date.now() - from) / 1000).toFixed(0)} s`;
}

/** One line for a person, on standard error, with the seconds since the program's start. */
export function printProgress(text: string): void {
  process.stderr.write(`[${seconds(started).padStart(5)}] ${text}\n`);
}

/** Runs one long step: tells its start, every 15 seconds that it goes on, and its end with the time it took. */
export async function step<Result>(title: string, work: () => Promise<Result>): Promise<Result> {
  const from = Date.now();
  printProgress(`${title} …`);
  const reminder = setInterval(() => printProgress(`${title} … still at it, ${seconds(from)}`), 15_000);
  try {
    const result = await work();
    printProgress(`${title}: done in ${seconds(from)}`);
    return result;
  } finally {
    clearInterval(reminder);
  }
}

/** A problem that a person can solve; shown without a stack. */
export class UserFacingError extends Error {
  override readonly name = 'UserFacingError';
}

/** Waits until `check` gives something other than undefined, asking every 200 ms; an UserFacingError after `limitMs`. */
export async function waitFor<Value>(
  what: string,
  limitMs: number,
  check: () => Promise<Value | undefined>,
): Promise<Value> {
  const until = Date.now() + limitMs;
  for (;;) {
    const value = await check();
    if (value !== undefined) return value;
    if (Date.now() > until) throw new UserFacingError(`Waited ${limitMs / 1000} s in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
