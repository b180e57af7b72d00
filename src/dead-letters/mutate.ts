import { CLI_EXIT_CODES, type CliExitCode } from '../protocol/catalogue.ts';
import type { DeadLetter, DeadLetterQueue } from '../protocol/dead-letter.ts';
import type { MutateCommand } from './arguments.ts';
import type { CommandContext } from './context.ts';
import { formatRow, letterCount, TABLE_HEADER } from './letter-format.ts';
import type { LetterMultiset } from './letter-multiset.ts';
import { scan, selecting } from './scan.ts';
import { emptyTally, settleCounted } from './settle.ts';
import { canBeForced, obstacleTo, summaryOf, type Obstacle } from './summary.ts';

/** The letters that a command will settle, and the selected ones that it leaves in place. */
interface Plan {
  readonly count: number;
  /** All selected letters; no other letter is settled. */
  readonly selected: LetterMultiset;
  readonly leftInPlace: ReadonlyMap<Obstacle, number>;
  readonly stopped: boolean;
}

export const OBSTACLE_TEXTS: Readonly<Record<Obstacle, string>> = {
  'refused again': 'the worker would refuse reply_to again',
  'not idempotent': 'no message_id, and the request may have taken effect; it could take effect a second time',
  'no reply address':
    'reply_to is amq.rabbitmq.reply-to, which only the waiting requester can use; with --force it goes without reply_to',
  altered: 'ids or other properties are not UTF-8 and would be altered',
  unreadable: 'parts of the letter cannot be read, so the original request cannot be sent; it can be discarded',
};

/**
 * Sends back or discards the selected letters: counts them, asks for confirmation, then settles the
 * counted ones.
 */
export async function mutate(
  command: MutateCommand,
  queue: DeadLetterQueue,
  context: CommandContext,
): Promise<CliExitCode> {
  const plan = await planFor(command, queue, context);
  if (plan.stopped) {
    context.err('Stopped. Nothing was changed.');
    return CLI_EXIT_CODES.interrupted;
  }
  for (const [obstacle, count] of plan.leftInPlace) {
    const hint = canBeForced(obstacle) ? '; --force sends back anyway' : '';
    context.err(`${letterCount(count)} left in place: ${OBSTACLE_TEXTS[obstacle]}${hint}.`);
  }
  if (plan.count === 0) {
    if (plan.leftInPlace.size > 0) return CLI_EXIT_CODES.failed;
    context.err('No letter matches.');
    return CLI_EXIT_CODES.notFound;
  }
  if (command.dryRun) {
    context.out(`Nothing was changed. ${intention(command, plan.count, context)}.`);
    return CLI_EXIT_CODES.ok;
  }
  const declined = plan.count > 1 && !command.yes ? await confirm(command, plan.count, context) : undefined;
  return declined ?? settle(command, plan, queue, context);
}

/** Returns the exit code unless the person agrees. */
async function confirm(
  command: MutateCommand,
  count: number,
  context: CommandContext,
): Promise<CliExitCode | undefined> {
  context.err(`${intention(command, count, context)}.`);
  if (context.ask === undefined) {
    context.err('There is no terminal to ask for confirmation: add --yes.');
    return CLI_EXIT_CODES.usage;
  }
  if (await context.ask('Continue? [y/N] ')) return undefined;
  context.err('Nothing was changed.');
  return CLI_EXIT_CODES.failed;
}

async function planFor(command: MutateCommand, queue: DeadLetterQueue, context: CommandContext): Promise<Plan> {
  let count = 0;
  const leftInPlace = new Map<Obstacle, number>();
  const { seen, stopped } = await scan(selecting(command), queue, context, (letter) => {
    const obstacle = remainingObstacle(command, letter);
    if (obstacle !== undefined) {
      leftInPlace.set(obstacle, (leftInPlace.get(obstacle) ?? 0) + 1);
      return;
    }
    count += 1;
    if (!command.dryRun) return;
    if (count === 1) context.out(TABLE_HEADER);
    context.out(formatRow(summaryOf(letter, context.methodOf)));
  });
  return { count, selected: seen, leftInPlace, stopped };
}

/**
 * The obstacle that keeps the command from settling the letter; `undefined` where there is none, or
 * --force overrides it.
 */
function remainingObstacle(command: MutateCommand, letter: DeadLetter): Obstacle | undefined {
  if (command.action === 'discard') return undefined;
  const obstacle = obstacleTo(letter);
  return obstacle !== undefined && command.force && canBeForced(obstacle) ? undefined : obstacle;
}

function intention({ action }: MutateCommand, count: number, { requestQueue }: CommandContext): string {
  if (action === 'discard') return `${letterCount(count)} would be discarded for good`;
  return `${letterCount(count)} would go back to the queue ${requestQueue}`;
}

/** Settles the counted letters, and reports what happened. */
async function settle(
  command: MutateCommand,
  plan: Plan,
  queue: DeadLetterQueue,
  context: CommandContext,
): Promise<CliExitCode> {
  const tally = emptyTally();
  const { methodOf, stop } = context;
  const isSelected = selecting(command);
  const accepts = (letter: DeadLetter): boolean =>
    isSelected(letter) && remainingObstacle(command, letter) === undefined;
  const done = command.action === 'discard' ? 'discarded' : 'sent back';
  let stopped: boolean;
  try {
    const counted = { action: command.action, selected: plan.selected, accepts, methodOf, stop };
    ({ stopped } = await settleCounted(counted, queue, tally));
  } catch (error) {
    // The letters acknowledged last may come back; the requests published last may have arrived.
    const bound = command.action === 'discard' ? 'At most' : 'At least';
    context.out(`${bound} ${letterCount(tally.settled)} ${done}, of ${plan.count}.`);
    context.err('Interrupted. No letter is lost: run the same command again for the rest.');
    throw error;
  }
  context.out(`${letterCount(tally.settled)} ${done}.`);
  for (const line of tally.failures.lines()) context.err(line);
  if (tally.newcomers > 0) context.err(`${letterCount(tally.newcomers)} came after the count; left in place.`);
  if (stopped) {
    context.err('Stopped. The other letters stay.');
    return CLI_EXIT_CODES.interrupted;
  }
  const missing = plan.count - tally.chosen;
  if (missing > 0) {
    context.err(`${letterCount(missing)} of those counted: no longer in the queue, or held by another reader.`);
  }
  return tally.settled === plan.count ? CLI_EXIT_CODES.ok : CLI_EXIT_CODES.failed;
}
