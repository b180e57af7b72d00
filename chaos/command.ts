import { UserFacingError, printProgress } from '../infrastructure/progress.ts';

/**
 * Runs the main function of a command of the suite, which returns the exit code, and ends the
 * process. A signal aborts it, so that it removes what it started. A failure is printed; code 2.
 */
export async function runCommand(main: (interrupted: AbortSignal) => Promise<number>): Promise<never> {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  try {
    process.exit(await main(interruption.signal));
  } catch (error) {
    const stack = error instanceof Error ? error.stack : error;
    printProgress(error instanceof UserFacingError ? error.message : String(stack));
    process.exit(2);
  }
}
