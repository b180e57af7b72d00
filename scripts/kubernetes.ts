// npm run kubernetes: applies deploy/kubernetes to a real control plane, and checks what it makes of it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { attempt, run } from '../infrastructure/command.ts';
import { ensureDocker, releaseDocker } from '../infrastructure/docker.ts';
import { ensureGoImage } from '../infrastructure/go-image.ts';
import { CLUSTER_CHECKS } from './kubernetes/checks.ts';
import { startCluster } from './kubernetes/cluster.ts';

/** Copies the definitions of custom kinds out of the image that has them. */
async function copyDefinitions(folder: string): Promise<void> {
  const container = await run('docker', ['create', await ensureGoImage('test/support/manifest-judge'), 'none']);
  try {
    await run('docker', ['cp', `${container}:/crds/.`, folder]);
  } finally {
    await attempt('docker', ['rm', container], { cleanup: true });
  }
}

/** Returns how many checks failed. */
async function failures(crds: string): Promise<number> {
  const cluster = await startCluster(await ensureGoImage('scripts/kubernetes/control-plane'), crds);
  let failed = 0;
  try {
    for (const { name, run: check } of CLUSTER_CHECKS) {
      const problem = await check(cluster).then(
        () => undefined,
        (error: unknown) => String(error),
      );
      console.log(problem === undefined ? `ok      ${name}` : `FAILED  ${name}\n        ${problem}`);
      if (problem !== undefined) failed += 1;
    }
  } finally {
    await cluster.remove();
  }
  return failed;
}

const docker = await ensureDocker();
const folder = mkdtempSync(join(tmpdir(), 'contacts-crds-'));
try {
  await copyDefinitions(folder);
  const failed = await failures(folder);
  console.log(`${CLUSTER_CHECKS.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
  await releaseDocker(docker);
}
