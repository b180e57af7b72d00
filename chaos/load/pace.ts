import type { Load } from './load.ts';

const TICK_MS = 250;

/**
 * Allows `rate` requests per second until the returned function is called. What the workers do not
 * keep up with is not sent later.
 */
export function steadyLoad(load: Load, rate: number): () => void {
  const allow = (): void => load.allow(Math.ceil((rate * TICK_MS) / 1000));
  allow();
  const timer = setInterval(allow, TICK_MS);
  return () => {
    clearInterval(timer);
    load.allow(0);
  };
}
