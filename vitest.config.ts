import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { reasonWithoutDocker } from './infrastructure/docker.ts';
import { printProgress } from './infrastructure/progress.ts';
import { POLLING } from './test/support/polling.ts';

interface Tier {
  readonly name: string;
  /** Needs the shared broker and database. */
  readonly servers: boolean;
  readonly testTimeout: number;
  /**
   * Tiers with the same number run together; a tier that measures time or saturates the machine
   * runs alone.
   */
  readonly groupOrder: number;
  /** Starts containers of its own, one test file after the other. */
  readonly containers?: true;
}

const tiers: readonly Tier[] = [
  { name: 'unit', servers: false, testTimeout: 60_000, groupOrder: 0 },
  { name: 'contract', servers: true, testTimeout: 30_000, groupOrder: 1 },
  { name: 'integration', servers: true, testTimeout: 60_000, groupOrder: 1 },
  { name: 'e2e', servers: false, testTimeout: 600_000, groupOrder: 2, containers: true },
  { name: 'chaos', servers: false, testTimeout: 1_200_000, groupOrder: 3, containers: true },
];

function project(tier: Tier): TestProjectInlineConfiguration {
  return {
    test: {
      name: tier.name,
      include: [`test/${tier.name}/**/*.test.ts`],
      globalSetup: tier.servers ? ['test/support/global-setup.ts'] : [],
      testTimeout: tier.testTimeout,
      hookTimeout: Math.max(tier.testTimeout, 120_000),
      expect: { poll: POLLING },
      maxWorkers: tier.containers ? 1 : 2,
      fileParallelism: !tier.containers,
      sequence: { groupOrder: tier.groupOrder },
    },
  };
}

/**
 * With given servers and without Docker, the tiers that need containers cannot run; the others can.
 */
async function containersPossible(): Promise<boolean> {
  const { AMQP_URL: amqp, MONGODB_URL: mongodb } = process.env;
  if (!amqp || !mongodb) return true;
  const reason = await reasonWithoutDocker();
  if (reason === undefined) return true;
  printProgress(`The tiers e2e and chaos are left out: Docker does not answer, and is not installed, as ${reason}.`);
  return false;
}

export default defineConfig(async () => {
  const possible = await containersPossible();
  return {
    test: {
      reporters: ['default', './test/support/tier-reporter.ts'],
      projects: tiers.filter((tier) => possible || !tier.containers).map(project),
    },
  };
});
