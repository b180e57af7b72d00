import type { Command } from 'commander';
import { EXIT_CODES, type ExitCode } from './exit-codes.ts';

import { reported } from './session.ts';
import { ReaderGoneError, type CliEnvironment } from './environment.ts';

/** A command's work: options of the command and of the program, then its arguments. */
export type Work<Options, Arguments extends readonly unknown[]> = (
  around: CliEnvironment,
  options: Options,
  args: Arguments,
) => Promise<ExitCode>;

/** Makes an action for commander of a command's work. */
export type Run = <Options, Arguments extends readonly unknown[]>(
  work: Work<Options, Arguments>,
) => (this: Command, ...args: unknown[]) => Promise<void>;

/**
 * Calls `ended` with each command's exit code. Failures are reported on standard error; a defect is
 * thrown.
 */
export function runner(around: CliEnvironment, ended: (exitCode: ExitCode) => void): Run {
  return <Options, Arguments extends readonly unknown[]>(work: Work<Options, Arguments>) =>
    async function action(this: Command): Promise<void> {
      try {
        ended(await work(around, this.optsWithGlobals() as Options, this.processedArgs as unknown as Arguments));
      } catch (error) {
        ended(exitCodeOf(around, error));
      }
    };
}

function exitCodeOf(around: CliEnvironment, error: unknown): ExitCode {
  if (error instanceof ReaderGoneError) return EXIT_CODES.ok;
  return reported(around, error);
}
