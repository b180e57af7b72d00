/**
 * Whether the spans of a trace are recorded. `parent`: whether the producer recorded its own;
 * `undefined` where the trace begins here.
 */
export type Sampler = (traceId: string, parent: boolean | undefined) => boolean;

/** The samplers that OpenTelemetry's specification names, without those that need a server. */
export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export const DEFAULT_SAMPLER = 'parentbased_always_on';

/** The sampler of a name in `SAMPLERS`. `ratio`: from 0 to 1, of `traceidratio`. */
export function samplerOf(name: string, ratio = 1): Sampler {
  const root = rootSampler(name.replace('parentbased_', ''), ratio);
  return name.startsWith('parentbased_') ? (traceId, parent) => parent ?? root(traceId, parent) : root;
}

function rootSampler(name: string, ratio: number): Sampler {
  if (name === 'always_off') return () => false;
  if (name !== 'traceidratio') return () => true;
  const limit = ratio * 2 ** 32;
  // Ids are random: 32 of their bits decide, the same ones at every worker.
  return (traceId) => Number.parseInt(traceId.slice(-8), 16) < limit;
}
