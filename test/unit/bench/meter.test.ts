import { expect, onTestFinished, test } from 'vitest';

import { startBystander } from '../../../bench/subjects/bystander.ts';

test.runIf(process.platform === 'linux')('the peak of a process does not hold what its parent has', async () => {
  const held = Buffer.alloc(400 * 2 ** 20, 1);
  const idle = startBystander();
  onTestFinished(() => idle.stop());
  const { peakMiB } = await idle.read();
  expect(held).toHaveLength(400 * 2 ** 20);
  expect(peakMiB).toBeGreaterThan(20);
  expect(peakMiB).toBeLessThan(200);
});
