import { CLI_EXIT_CODES } from '../protocol/catalogue.ts';

/** Exit codes of `contacts`; docs/cli.md lists them. */
export const EXIT_CODES = {
  ...CLI_EXIT_CODES,
  /** No answer in time, or no queue takes the request. */
  noAnswer: 4,
  /** EX_UNAVAILABLE of sysexits.h: the broker cannot be reached. */
  unreachable: 69,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

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
