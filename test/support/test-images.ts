import { randomBytes } from 'node:crypto';

import { attempt, run } from '../../infrastructure/command.ts';
import { ensureDocker } from '../../infrastructure/docker.ts';
import { ensureImages } from '../../infrastructure/images.ts';

// The tests remove what they start; the reaper would be one more image to pull.
process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';

/** The images of this machine for `startContacts`. */
export interface TestImages {
  readonly worker: string;
  readonly rabbitmq: string;
  readonly mongodb: string;
  readonly node: string;
  /** Removes the worker's image, if this call built it. */
  remove(): Promise<void>;
}

/** Finds the images, and builds the worker's from the Dockerfile, unless WORKER_IMAGE names one. */
export async function testImages(): Promise<TestImages> {
  await ensureDocker();
  const { rabbitmq, mongo: mongodb, node } = await ensureImages('rabbitmq', 'mongo', 'node');
  const given = process.env['WORKER_IMAGE'];
  if (given !== undefined && given !== '') {
    return { worker: given, rabbitmq, mongodb, node, remove: () => Promise.resolve() };
  }
  const worker = `contacts-worker:test-${randomBytes(4).toString('hex')}`;
  await run('docker', ['build', '-q', '--build-arg', `NODE_IMAGE=${node}`, '-t', worker, '.'], { limitMs: 540_000 });
  const remove = async (): Promise<void> => void (await attempt('docker', ['image', 'rm', '-f', worker]));
  return { worker, rabbitmq, mongodb, node, remove };
}
