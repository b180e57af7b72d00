import { parseArgs, type ParseArgsConfig } from 'node:util';

/** The letters that a command selects. */
export interface Selection {
  /** Reference, message id or hash; `undefined`: all. */
  readonly reference: string | undefined;
  /** Selects only letters with this cause; ignores case. */
  readonly reason: string | undefined;
  /** Selects only letters that were dead-lettered before this moment; ms since the epoch. */
  readonly before?: number | undefined;
  /** Selects only letters with this text in body, properties or headers; ignores case. */
  readonly containing?: string | undefined;
}

/** A command that reads letters and keeps them. */
export interface ScanCommand extends Selection {
  readonly action: 'list' | 'show';
  readonly json: boolean;
}

/** A command that settles letters. */
export interface MutateCommand extends Selection {
  readonly action: 'send-back' | 'discard';
  readonly dryRun: boolean;
  /** Skips the confirmation. */
  readonly yes: boolean;
  /** Sends back despite obstacles that can be forced. */
  readonly force: boolean;
}

/** A checked command line. */
export type Command = { readonly action: 'help' } | ScanCommand | MutateCommand;

/** The command line is not valid. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const OPTIONS = {
  all: { type: 'boolean' },
  containing: { type: 'string' },
  'dry-run': { type: 'boolean' },
  force: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  'older-than': { type: 'string' },
  output: { type: 'string', short: 'o' },
  reason: { type: 'string' },
  yes: { type: 'boolean', short: 'y' },
} as const satisfies ParseArgsConfig['options'];

type Option = keyof typeof OPTIONS;

const FILTERS = ['reason', 'older-than', 'containing'] as const satisfies readonly Option[];

const OPTIONS_OF = {
  list: [...FILTERS, 'json', 'output'],
  show: ['json', 'output'],
  'send-back': ['all', ...FILTERS, 'dry-run', 'yes', 'force'],
  discard: ['all', ...FILTERS, 'dry-run', 'yes'],
} as const satisfies Record<string, readonly Option[]>;

type Action = keyof typeof OPTIONS_OF;

/** Parses the arguments behind `contacts dead-letters`. @throws {UsageError} */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parseOptions(args);
  const [action = 'help', ...references] = positionals;
  if (values.help === true || action === 'help') return { action: 'help' };
  if (!isAction(action)) throw new UsageError(`unknown command ${JSON.stringify(action)}`);
  const accepted: readonly string[] = OPTIONS_OF[action];
  const rejected = Object.keys(values).find((option) => !accepted.includes(option));
  if (rejected !== undefined) throw new UsageError(`${action} does not accept --${rejected}`);
  const selection = selectionOf(action, references, values);
  if (action === 'list' || action === 'show') return { action, json: isJson(values), ...selection };
  const { 'dry-run': dryRun = false, yes = false, force = false } = values;
  return { action, dryRun, yes, force, ...selection };
}

/** `-o json`, as the other commands have it, and `--json` are the same. */
function isJson({ json = false, output }: Values): boolean {
  if (output === undefined || output === 'json') return json || output === 'json';
  if (output === 'table' && !json) return false;
  throw new UsageError(json ? '--json and --output exclude each other' : '--output must be json or table');
}

type Values = ReturnType<typeof parseOptions>['values'];

function selectionOf(action: Action, [reference, ...more]: readonly string[], values: Values): Selection {
  const { all, reason, containing, 'older-than': age } = values;
  if (more.length > 0) throw new UsageError('only one reference is accepted');
  if (reason === '') throw new UsageError('--reason needs a code');
  if (containing === '') throw new UsageError('--containing needs a text');
  if (action === 'list') {
    if (reference !== undefined) throw new UsageError('list accepts no reference; use show');
  } else if (reference === undefined && all !== true) {
    throw new UsageError(`${action} needs a reference${action === 'show' ? '' : ' or --all'}`);
  } else if (reference !== undefined && all === true) {
    throw new UsageError(`${action} accepts a reference or --all, not both`);
  }
  return { reference, reason, containing, before: age === undefined ? undefined : momentBefore(age) };
}

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The moment that was this long ago: `90m`, `12h`, `30d`. */
function momentBefore(age: string): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(age) ?? [];
  if (count === undefined) throw new UsageError('--older-than needs a number and m, h or d, such as 30d');
  return Date.now() - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function isAction(name: string): name is Action {
  return Object.hasOwn(OPTIONS_OF, name);
}

/** The text of --help. */
export const USAGE = `contacts dead-letters: requests that could not be executed or answered

  list       [FILTER…] [--json]
  show       REFERENCE [--json]                 prints the whole letter, personal data included
  send-back  REFERENCE | --all [FILTER…]        puts it into the request queue, to be executed
  discard    REFERENCE | --all [FILTER…]        removes it for good

Filters; a letter must match all that are given:
  --reason CODE      selects only letters with this cause, as list shows it
  --older-than AGE   selects only letters whose time, as list shows it, is past: 90m, 12h, 30d
  --containing TEXT  selects only letters with this text in body, properties or headers

  --dry-run      prints which letters would be affected, and changes nothing
  --yes, -y      skips the confirmation for more than one letter
  --force        sends back even a letter that would be refused again, or could take effect twice
  --json         prints one object per line; also -o json, --output json

Examples:
  contacts dead-letters list --reason INTERNAL_ERROR
  contacts dead-letters show order-4711 -o json
  contacts dead-letters send-back order-4711
  contacts dead-letters discard --all --reason expired --yes

Exit codes: 0 success, 1 failed or declined, 2 wrong usage, 3 no letter matched,
69 the broker cannot be reached, 78 unusable settings, 130 interrupted.
Settings: AMQP_URL, REQUEST_QUEUE and the others of the worker.
`;
