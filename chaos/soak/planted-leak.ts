import { Publisher } from '../../src/amqp/publisher/publisher.ts';

/** What a planted leak keeps for each answer. */
export const LEAKS = ['memory', 'handles', 'both'] as const;

const KEPT_PER_ANSWER = 4_000;
const NEVER_MS = 2 ** 31 - 1;
const kept: number[][] = [];

/** Makes this process keep something of each answer, to show that a soak run finds it. */
export function plantLeak(kind: string): void {
  if (!LEAKS.includes(kind as (typeof LEAKS)[number])) throw new Error(`there is no leak "${kind}"`);
  const publish = Object.getOwnPropertyDescriptor(Publisher.prototype, 'publish')?.value as Publisher['publish'];
  Publisher.prototype.publish = function leaking(message): ReturnType<Publisher['publish']> {
    if (kind !== 'handles') kept.push(Array.from({ length: KEPT_PER_ANSWER }, (_, index) => index));
    if (kind !== 'memory') setTimeout(() => undefined, NEVER_MS);
    return publish.call(this, message);
  };
}
