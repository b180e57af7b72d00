import { printProgress, step } from '../../infrastructure/progress.ts';
import type { BacklogRun } from '../figures.ts';
import type { Testbed } from '../infrastructure/testbed.ts';

/** Fills the queue while no worker runs, then starts one worker and waits for all answers. */
export async function backlog(testbed: Testbed, requests: number): Promise<readonly BacklogRun[]> {
  const { producer } = testbed;
  const deployment = testbed.deployment('worker');
  await testbed.stop(deployment);
  const creates = testbed.source(deployment, 'create', 1);
  await step(`Publishing ${requests} requests`, () => producer.enqueue(deployment.queue, creates, requests));
  const answered = producer.answers(requests);
  await testbed.start(deployment);
  const from = performance.now();
  await step('Waiting for their answers', () => answered);
  const seconds = (performance.now() - from) / 1000;
  const [worker] = deployment.running;
  if (worker === undefined) throw new Error('no worker runs');
  const { peakMiB } = await worker.read();
  const run = { requests, seconds, perSecond: requests / seconds, peakMiB };
  printProgress(`${run.perSecond.toFixed(0)} answers a second, at most ${peakMiB.toFixed(0)} MiB`);
  return [run];
}
