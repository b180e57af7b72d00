import type { DeadLetter, DeadLetterQueue } from '../protocol/dead-letter.ts';
import type { ActionOrder } from './arguments.ts';
import { EXIT, type Desk, type ExitCode } from './desk.ts';
import { counted, isSelected, look } from './looking.ts';
import { TABLE_HEAD, tableRow } from './presentation.ts';
import { hindranceOf, summaryOf, type Hindrance } from './summary.ts';

/** How many letters an order is about, and how many of those selected are left where they are. */
interface Plan {
  readonly count: number;
  readonly left: Readonly<Record<Hindrance, number>>;
}

const WHY_LEFT: Readonly<Record<Hindrance, string>> = {
  'comes back': 'their reply_to would be refused again',
  'not recognised': 'they have no message_id and may have taken effect, which would happen a second time',
};

/** Sends back or discards what the order selects: counts first, asks, then acts. */
export async function carryOut(order: ActionOrder, queue: DeadLetterQueue, desk: Desk): Promise<ExitCode> {
  const plan = await planOf(order, queue, desk);
  const left = (Object.entries(plan.left) as [Hindrance, number][]).filter(([, count]) => count > 0);
  for (const [hindrance, count] of left) {
    desk.err(`${counted(count)} left in place, as ${WHY_LEFT[hindrance]}; --force sends back all the same.`);
  }
  if (plan.count === 0) {
    if (left.length === 0) desk.err('no letter matches');
    return left.length === 0 ? EXIT.nothing : EXIT.failed;
  }
  if (order.dryRun) {
    desk.out(`Nothing was changed. ${intention(order, plan.count, desk)}.`);
    return EXIT.done;
  }
  const refusal = plan.count > 1 && !order.yes ? await askAbout(order, plan.count, desk) : undefined;
  return refusal ?? act(order, plan.count, queue, desk);
}

/** The exit code where it is not agreed to. */
async function askAbout(order: ActionOrder, count: number, desk: Desk): Promise<ExitCode | undefined> {
  desk.err(`${intention(order, count, desk)}.`);
  if (desk.ask === undefined) {
    desk.err('Nobody is there to be asked: add --yes.');
    return EXIT.usage;
  }
  if (await desk.ask('Go on? [y/N] ')) return undefined;
  desk.err('Nothing was changed.');
  return EXIT.failed;
}

async function planOf(order: ActionOrder, queue: DeadLetterQueue, desk: Desk): Promise<Plan> {
  let count = 0;
  const left: Record<Hindrance, number> = { 'comes back': 0, 'not recognised': 0 };
  await look(order, queue, desk, (letter) => {
    const hindrance = obstacleTo(order, letter);
    if (hindrance !== undefined) {
      left[hindrance] += 1;
      return;
    }
    count += 1;
    if (!order.dryRun) return;
    if (count === 1) desk.out(TABLE_HEAD);
    desk.out(tableRow(summaryOf(letter, desk.methodOf)));
  });
  return { count, left };
}

function obstacleTo(order: ActionOrder, letter: DeadLetter): Hindrance | undefined {
  return order.action === 'discard' || order.force ? undefined : hindranceOf(letter);
}

function intention({ action }: ActionOrder, count: number, { requestQueue }: Desk): string {
  if (action === 'discard') return `${counted(count)} would be discarded for good`;
  return `${counted(count)} would go back to the queue ${requestQueue}`;
}

/** Acts on `count` letters at most: what came after the count was not agreed to. */
async function act(order: ActionOrder, count: number, queue: DeadLetterQueue, desk: Desk): Promise<ExitCode> {
  let chosen = 0;
  let settled = 0;
  const failures = new Map<string, number>();
  const report = (): void => desk.out(`${counted(settled)} ${order.action === 'discard' ? 'discarded' : 'sent back'}.`);
  try {
    await queue.visit({
      decide: (letter) => {
        if (chosen === count || !isSelected(letter, order) || obstacleTo(order, letter) !== undefined) return 'keep';
        chosen += 1;
        return order.action;
      },
      settling: () => (settled += 1),
      failed: (reason) => failures.set(reason, (failures.get(reason) ?? 0) + 1),
    });
  } catch (error) {
    report();
    desk.err('It was interrupted. No letter is lost: run the same command again for the rest.');
    throw error;
  }
  report();
  for (const [reason, times] of failures) desk.err(`${counted(times)} not sent back: ${reason}.`);
  if (settled < count) desk.err(`${counted(count)} were expected.`);
  return settled === count ? EXIT.done : EXIT.failed;
}
