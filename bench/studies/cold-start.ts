import { printProgress } from '../../infrastructure/progress.ts';
import type { ColdStartRun } from '../figures.ts';
import type { Deployment, Testbed } from '../infrastructure/testbed.ts';
import { rotated } from './throughput.ts';

const STARTS = 15;

/**
 * From spawning a process to its first answer, to a get that waits in the queue. The subjects
 * alternate; database and queue are prepared already. The processes run without the probe.
 */
export async function coldStart(testbed: Testbed): Promise<readonly ColdStartRun[]> {
  const runs: ColdStartRun[] = [];
  for (const deployment of testbed.deployments.values()) await testbed.stop(deployment);
  for (let round = 1; round <= STARTS; round += 1) {
    for (const subject of rotated(testbed, round).filter((name) => name !== 'echo')) {
      const ms = await startOnce(testbed, testbed.deployment(subject), round);
      runs.push({ subject, round, ms });
      printProgress(`start ${round}  ${subject.padEnd(10)}  ${ms.toFixed(0)} ms`);
    }
  }
  for (const deployment of testbed.deployments.values()) {
    await testbed.start(deployment);
    await testbed.warmUp(deployment);
  }
  return runs;
}

async function startOnce(testbed: Testbed, deployment: Deployment, round: number): Promise<number> {
  const { producer } = testbed;
  await producer.enqueue(deployment.queue, testbed.source(deployment, 'get', round), 1);
  const answeredAt = producer.answers(1).then(() => performance.now());
  await testbed.start(deployment, { probed: false });
  const [process] = deployment.running;
  if (process === undefined) throw new Error(`no ${deployment.subject} runs`);
  const ms = (await answeredAt) - process.spawnedAt;
  await testbed.stop(deployment);
  return ms;
}
