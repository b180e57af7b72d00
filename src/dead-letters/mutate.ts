import type { DeadLetter, DeadLetterQueue } from '../protocol/dead-letter.ts';
import type { ActionOrder } from './arguments.ts';
import { counted } from './counted.ts';
import { EXIT, type CommandContext, type ExitCode } from './context.ts';
import { Failures } from './failures.ts';
import { isSelected, look } from './scan.ts';
import { TABLE_HEAD, tableRow } from './presentation.ts';
import type { RememberedLetters } from './remembered-letters.ts';
import { hindranceOf, isFinal, summaryOf, type Hindrance } from './summary.ts';

/** The letters an order is about, and how many of those selected are left where they are. */
interface Plan {
  readonly count: number;
  /** All that were selected: nothing else is touched. */
  readonly remembered: RememberedLetters;
  readonly left: ReadonlyMap<Hindrance, number>;
  readonly stopped: boolean;
}

const WHY_LEFT: Readonly<Record<Hindrance, string>> = {
  'comes back': 'their reply_to would be refused again',
  'not recognised': 'they have no message_id and may have taken effect, which would happen a second time',
  'nobody waits':
    'their reply_to is amq.rabbitmq.reply-to, which only who waits for the answer can name; with --force they go without it',
  'not the same': 'ids or other properties of theirs are not UTF-8 and would go back changed',
  unreadable: 'they cannot be read whole, so that what would go back would not be the request; they can be discarded',
};

/** Sends back or discards what the order selects: counts first, asks, then acts. */
export async function carryOut(order: ActionOrder, queue: DeadLetterQueue, desk: CommandContext): Promise<ExitCode> {
  const plan = await planOf(order, queue, desk);
  if (plan.stopped) {
    desk.err('Stopped. Nothing was changed.');
    return EXIT.stopped;
  }
  for (const [hindrance, count] of plan.left) {
    const force = isFinal(hindrance) ? '' : '; --force sends back all the same';
    desk.err(`${counted(count)} left in place, as ${WHY_LEFT[hindrance]}${force}.`);
  }
  if (plan.count === 0) {
    if (plan.left.size === 0) desk.err('no letter matches');
    return plan.left.size === 0 ? EXIT.nothing : EXIT.failed;
  }
  if (order.dryRun) {
    desk.out(`Nothing was changed. ${intention(order, plan.count, desk)}.`);
    return EXIT.done;
  }
  const refusal = plan.count > 1 && !order.yes ? await askAbout(order, plan.count, desk) : undefined;
  return refusal ?? act(order, plan, queue, desk);
}

/** The exit code where it is not agreed to. */
async function askAbout(order: ActionOrder, count: number, desk: CommandContext): Promise<ExitCode | undefined> {
  desk.err(`${intention(order, count, desk)}.`);
  if (desk.ask === undefined) {
    desk.err('Nobody is there to be asked: add --yes.');
    return EXIT.usage;
  }
  if (await desk.ask('Go on? [y/N] ')) return undefined;
  desk.err('Nothing was changed.');
  return EXIT.failed;
}

async function planOf(order: ActionOrder, queue: DeadLetterQueue, desk: CommandContext): Promise<Plan> {
  let count = 0;
  const left = new Map<Hindrance, number>();
  const { seen, stopped } = await look(order, queue, desk, (letter) => {
    const hindrance = obstacleTo(order, letter);
    if (hindrance !== undefined) {
      left.set(hindrance, (left.get(hindrance) ?? 0) + 1);
      return;
    }
    count += 1;
    if (!order.dryRun) return;
    if (count === 1) desk.out(TABLE_HEAD);
    desk.out(tableRow(summaryOf(letter, desk.methodOf)));
  });
  return { count, remembered: seen, left, stopped };
}

function obstacleTo(order: ActionOrder, letter: DeadLetter): Hindrance | undefined {
  if (order.action === 'discard') return undefined;
  const hindrance = hindranceOf(letter);
  return hindrance !== undefined && order.force && !isFinal(hindrance) ? undefined : hindrance;
}

function intention({ action }: ActionOrder, count: number, { requestQueue }: CommandContext): string {
  if (action === 'discard') return `${counted(count)} would be discarded for good`;
  return `${counted(count)} would go back to the queue ${requestQueue}`;
}

/** Acts on the letters that were counted, and on no other: what came since was not agreed to. */
async function act(order: ActionOrder, plan: Plan, queue: DeadLetterQueue, desk: CommandContext): Promise<ExitCode> {
  let chosen = 0;
  let settled = 0;
  let newcomers = 0;
  const failures = new Failures();
  const done = order.action === 'discard' ? 'discarded' : 'sent back';
  let stopped: boolean;
  try {
    ({ stopped } = await queue.visit({
      decide: (letter) => {
        if (!isSelected(letter, order) || obstacleTo(order, letter) !== undefined) return 'keep';
        if (!plan.remembered.take(letter)) {
          newcomers += 1;
          return 'keep';
        }
        chosen += 1;
        return order.action;
      },
      settling: () => (settled += 1),
      failed: (letter, reason) => failures.add(summaryOf(letter, desk.methodOf).reference, reason),
      stop: desk.stop,
    }));
  } catch (error) {
    // What was acknowledged last may come back; what was sent last may have arrived.
    desk.out(`${order.action === 'discard' ? 'At most' : 'At least'} ${counted(settled)} ${done}, of ${plan.count}.`);
    desk.err('It was interrupted. No letter is lost: run the same command again for the rest.');
    throw error;
  }
  desk.out(`${counted(settled)} ${done}.`);
  for (const line of failures.lines()) desk.err(line);
  if (newcomers > 0) desk.err(`${counted(newcomers)} came after the count; left in place.`);
  if (stopped) {
    desk.err('Stopped. The other letters stay.');
    return EXIT.stopped;
  }
  const gone = plan.count - chosen;
  if (gone > 0) desk.err(`${counted(gone)} of those counted: not there any more, or held by another reader.`);
  return settled === plan.count ? EXIT.done : EXIT.failed;
}
