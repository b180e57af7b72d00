import { say, step } from '../../infrastructure/progress.ts';
import type { BacklogRun } from '../figures.ts';
import type { Arena } from '../infrastructure/arena.ts';

/** Lets so many requests gather while no worker runs, then lets one take them. */
export async function backlog(arena: Arena, requests: number): Promise<readonly BacklogRun[]> {
  const { producer } = arena;
  const contender = arena.contender('worker');
  await arena.stop(contender);
  const creates = arena.source(contender, 'create', 1);
  await step(`Leaving ${requests} requests in the queue`, () => producer.leave(contender.queue, creates, requests));
  const answered = producer.answers(requests);
  await arena.start(contender);
  const from = performance.now();
  await step('Waiting for their answers', () => answered);
  const seconds = (performance.now() - from) / 1000;
  const [worker] = contender.running;
  if (worker === undefined) throw new Error('no worker runs');
  const { peakMiB } = await worker.read();
  const run = { requests, seconds, perSecond: requests / seconds, peakMiB };
  say(`${run.perSecond.toFixed(0)} answers a second, at most ${peakMiB.toFixed(0)} MiB`);
  return [run];
}
