import { CLI_EXIT_CODES, type CliExitCode } from '../protocol/catalogue.ts';
import type { DeadLetterQueue } from '../protocol/dead-letter.ts';
import { parseCommand, USAGE, UsageError, type MutateCommand, type ScanCommand } from './arguments.ts';
import type { CommandContext } from './context.ts';
import { formatLetter, formatLetterJson, formatRow, letterCount, TABLE_HEADER } from './letter-format.ts';
import { mutate } from './mutate.ts';
import { scan, selecting } from './scan.ts';
import { summaryOf, type Summary } from './summary.ts';
import { escapeControls, jsonLine } from './terminal-text.ts';

/** AMQP's reply code for a missing queue. */
const NOT_FOUND = 404;

/**
 * Executes `contacts dead-letters …`; `args` are those behind the command's name. Never rejects.
 */
export async function deadLetters(args: readonly string[], context: CommandContext): Promise<CliExitCode> {
  try {
    const command = parseCommand(args);
    if (command.action !== 'help') return await withQueue(context, (queue) => execute(command, queue, context));
    context.out(USAGE);
    return CLI_EXIT_CODES.ok;
  } catch (error) {
    if (error instanceof UnreachableError) {
      context.err(`The broker cannot be reached: ${errorText(error.cause, context.requestQueue)}`);
      return CLI_EXIT_CODES.unreachable;
    }
    context.err(errorText(error, context.requestQueue));
    if (!(error instanceof UsageError)) return CLI_EXIT_CODES.failed;
    context.err('Run contacts dead-letters --help for usage.');
    return CLI_EXIT_CODES.usage;
  }
}

/** No connection to a broker; `cause` is the reason of the last one. */
class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** Escaped, as the texts of the broker and of the command line may hold any character. */
function errorText(error: unknown, requestQueue: string): string {
  if (!(error instanceof Error)) return escapeControls(String(error));
  const code: unknown = Reflect.get(error, 'code');
  if (code === NOT_FOUND) return escapeControls(`This broker and virtual host have no queue ${requestQueue}.dead.`);
  return escapeControls(error.message || String(code));
}

async function withQueue<T>(context: CommandContext, use: (queue: DeadLetterQueue) => Promise<T>): Promise<T> {
  const queue = await context.open().catch((cause: unknown) => {
    throw new UnreachableError('no broker could be opened', { cause });
  });
  try {
    return await use(queue);
  } finally {
    await queue.close();
  }
}

function execute(
  command: ScanCommand | MutateCommand,
  queue: DeadLetterQueue,
  context: CommandContext,
): Promise<CliExitCode> {
  if ('yes' in command) return mutate(command, queue, context);
  return command.action === 'list' ? list(command, queue, context) : show(command, queue, context);
}

async function list(command: ScanCommand, queue: DeadLetterQueue, context: CommandContext): Promise<CliExitCode> {
  const write = (summary: Summary, nth: number): void => {
    if (command.json) return context.out(jsonLine(summary));
    if (nth === 1) context.out(TABLE_HEADER);
    context.out(formatRow(summary));
  };
  const { count, stopped } = await scan(selecting(command), queue, context, (letter, nth) =>
    write(summaryOf(letter, context.methodOf), nth),
  );
  if (!command.json) context.out(letterCount(count));
  if (stopped) return interrupted(context);
  return count === 0 ? CLI_EXIT_CODES.notFound : CLI_EXIT_CODES.ok;
}

async function show(command: ScanCommand, queue: DeadLetterQueue, context: CommandContext): Promise<CliExitCode> {
  const { count, stopped } = await scan(selecting(command), queue, context, (letter, nth) => {
    const summary = summaryOf(letter, context.methodOf);
    if (command.json) return context.out(formatLetterJson(summary, letter));
    if (nth > 1) context.out('');
    context.out(formatLetter(summary, letter));
  });
  if (stopped) return interrupted(context);
  if (count > 0) return CLI_EXIT_CODES.ok;
  context.err('No letter has this reference.');
  return CLI_EXIT_CODES.notFound;
}

function interrupted(context: CommandContext): CliExitCode {
  context.err('Stopped before all letters were read.');
  return CLI_EXIT_CODES.interrupted;
}
