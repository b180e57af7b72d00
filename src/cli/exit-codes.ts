import { CLI_EXIT_CODES as EXIT_CODES, type CliExitCode as ExitCode } from '../protocol/catalogue.ts';

export { CLI_EXIT_CODES as EXIT_CODES, type CliExitCode as ExitCode } from '../protocol/catalogue.ts';

const { interrupted, config, unreachable, usage, noAnswer, failed, notFound, ok } = EXIT_CODES;
const MOST_SERIOUS_FIRST: readonly ExitCode[] = [
  interrupted,
  config,
  unreachable,
  usage,
  noAnswer,
  failed,
  notFound,
  ok,
];

/** Returns the more serious of two exit codes, for a command that does several things. */
export function worse(one: ExitCode, other: ExitCode): ExitCode {
  return MOST_SERIOUS_FIRST.indexOf(one) < MOST_SERIOUS_FIRST.indexOf(other) ? one : other;
}
