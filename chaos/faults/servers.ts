import type { FaultKind } from './fault.ts';

/** A server that is killed and starts again after at most `maxHoldMs`. */
export function serverKilled(server: 'broker' | 'database', weight: number, maxHoldMs: number): FaultKind {
  return {
    name: `${server} killed`,
    weight,
    async begin({ testbed, random }) {
      await testbed[server].kill();
      return { holdMs: random.between(0, maxHoldMs), end: () => testbed[server].start() };
    },
  };
}

/** A server that is stopped gracefully and starts again at once. */
export function serverRestarted(server: 'broker' | 'database', weight: number): FaultKind {
  return {
    name: `${server} restarted`,
    weight,
    async begin({ testbed }) {
      await testbed[server].stop();
      return { holdMs: 0, end: () => testbed[server].start() };
    },
  };
}
