import { parseArgs, type ParseArgsConfig } from 'node:util';

/** Which letters a command is about. */
export interface Selection {
  /** Reference, message id or hash; `undefined`: all. */
  readonly reference: string | undefined;
  /** Only letters of this cause. */
  readonly reason: string | undefined;
}

/** An order to look at letters. */
export interface LookOrder extends Selection {
  readonly action: 'list' | 'show';
  readonly json: boolean;
}

/** An order to do something to letters. */
export interface ActionOrder extends Selection {
  readonly action: 'send-back' | 'discard';
  readonly dryRun: boolean;
  /** Agreed to beforehand: nobody is asked. */
  readonly yes: boolean;
  /** Also what had better not be sent back. */
  readonly force: boolean;
}

/** What was asked for, checked. */
export type Order = { readonly action: 'help' } | LookOrder | ActionOrder;

/** The command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const OPTIONS = {
  all: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  force: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  reason: { type: 'string' },
  yes: { type: 'boolean', short: 'y' },
} as const satisfies ParseArgsConfig['options'];

type Option = keyof typeof OPTIONS;

const TAKES = {
  list: ['reason', 'json'],
  show: ['json'],
  'send-back': ['all', 'reason', 'dry-run', 'yes', 'force'],
  discard: ['all', 'reason', 'dry-run', 'yes'],
} as const satisfies Record<string, readonly Option[]>;

type Action = keyof typeof TAKES;

/** Reads what stands behind `contacts dead-letters`. @throws {UsageError} */
export function readOrder(args: readonly string[]): Order {
  const { values, positionals } = parsed(args);
  const [action = 'help', ...references] = positionals;
  if (values.help === true || action === 'help') return { action: 'help' };
  if (!isAction(action)) throw new UsageError(`there is no command ${JSON.stringify(action)}`);
  const taken: readonly string[] = TAKES[action];
  const foreign = Object.keys(values).find((option) => !taken.includes(option));
  if (foreign !== undefined) throw new UsageError(`${action} does not take --${foreign}`);
  const selection = selectionOf(action, references, values);
  if (action === 'list' || action === 'show') return { action, json: values.json ?? false, ...selection };
  const { 'dry-run': dryRun = false, yes = false, force = false } = values;
  return { action, dryRun, yes, force, ...selection };
}

type Values = ReturnType<typeof parsed>['values'];

function selectionOf(action: Action, [reference, ...more]: readonly string[], { all, reason }: Values): Selection {
  if (more.length > 0) throw new UsageError('one reference at a time');
  if (reason === '') throw new UsageError('--reason needs a code');
  if (action === 'list') {
    if (reference !== undefined) throw new UsageError('list takes no reference; show does');
  } else if (reference === undefined && all !== true) {
    throw new UsageError(`${action} needs a reference${action === 'show' ? '' : ' or --all'}`);
  } else if (reference !== undefined && all === true) {
    throw new UsageError(`${action} takes a reference or --all, not both`);
  }
  return { reference, reason };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function isAction(name: string): name is Action {
  return Object.hasOwn(TAKES, name);
}

/** How the command is used. */
export const USAGE = `contacts dead-letters: requests that could not be executed or answered

  list       [--reason CODE] [--json]
  show       REFERENCE [--json]                 the whole letter, personal data included
  send-back  REFERENCE | --all [--reason CODE]  into the request queue, to be executed
  discard    REFERENCE | --all [--reason CODE]  for good

  --reason CODE  only letters of this cause, as list shows it
  --dry-run      show what would happen to which letters, and change nothing
  --yes, -y      do it to more than one letter without asking
  --force        send back even what would come back, or could take effect twice
  --json         one object a line

Exit codes: 0 done, 1 failed or declined, 2 wrong usage, 3 no letter matched, 78 unusable settings,
130 stopped.
Settings: AMQP_URL, REQUEST_QUEUE and the others of the worker.
`;
