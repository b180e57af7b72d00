import type { DeadLetterQueue } from '../protocol/dead-letter.ts';
import { carryOut } from './mutate.ts';
import { readOrder, USAGE, UsageError, type ActionOrder, type LookOrder } from './arguments.ts';
import { counted } from './counted.ts';
import { EXIT, type CommandContext, type ExitCode } from './context.ts';
import { look } from './scan.ts';
import { TABLE_HEAD, tableRow, wholeLetter, wholeLetterJson } from './presentation.ts';
import { jsonLine, printable } from './printable.ts';
import { summaryOf, type Summary } from './summary.ts';

/** AMQP's reply code. */
const NOT_FOUND = 404;

/** Carries out `contacts dead-letters …`; `args` are those behind the command's name. Never rejects. */
export async function deadLetters(args: readonly string[], desk: CommandContext): Promise<ExitCode> {
  try {
    const order = readOrder(args);
    if (order.action !== 'help') return await withQueue(desk, (queue) => obey(order, queue, desk));
    desk.out(USAGE);
    return EXIT.done;
  } catch (error) {
    desk.err(wordsOf(error, desk.requestQueue));
    if (!(error instanceof UsageError)) return EXIT.failed;
    desk.err('contacts dead-letters --help tells how it is used.');
    return EXIT.usage;
  }
}

/** The broker's words, and those about what was typed, may hold anything. */
function wordsOf(error: unknown, requestQueue: string): string {
  if (!(error instanceof Error)) return printable(String(error));
  const code: unknown = Reflect.get(error, 'code');
  if (code === NOT_FOUND) return printable(`There is no queue ${requestQueue}.dead at this broker and virtual host.`);
  return printable(error.message || String(code));
}

async function withQueue<T>(desk: CommandContext, use: (queue: DeadLetterQueue) => Promise<T>): Promise<T> {
  const queue = await desk.open();
  try {
    return await use(queue);
  } finally {
    await queue.close();
  }
}

function obey(order: LookOrder | ActionOrder, queue: DeadLetterQueue, desk: CommandContext): Promise<ExitCode> {
  if ('yes' in order) return carryOut(order, queue, desk);
  return order.action === 'list' ? list(order, queue, desk) : show(order, queue, desk);
}

async function list(order: LookOrder, queue: DeadLetterQueue, desk: CommandContext): Promise<ExitCode> {
  const write = (summary: Summary, nth: number): void => {
    if (order.json) return desk.out(jsonLine(summary));
    if (nth === 1) desk.out(TABLE_HEAD);
    desk.out(tableRow(summary));
  };
  const { count, stopped } = await look(order, queue, desk, (letter, nth) =>
    write(summaryOf(letter, desk.methodOf), nth),
  );
  if (!order.json) desk.out(counted(count));
  if (stopped) return stoppedEarly(desk);
  return count === 0 ? EXIT.nothing : EXIT.done;
}

async function show(order: LookOrder, queue: DeadLetterQueue, desk: CommandContext): Promise<ExitCode> {
  const { count, stopped } = await look(order, queue, desk, (letter, nth) => {
    const summary = summaryOf(letter, desk.methodOf);
    if (order.json) return desk.out(wholeLetterJson(summary, letter));
    if (nth > 1) desk.out('');
    desk.out(wholeLetter(summary, letter));
  });
  if (stopped) return stoppedEarly(desk);
  if (count > 0) return EXIT.done;
  desk.err('no letter has this reference');
  return EXIT.nothing;
}

function stoppedEarly(desk: CommandContext): ExitCode {
  desk.err('Stopped before all letters were read.');
  return EXIT.stopped;
}
