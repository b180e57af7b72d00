import type { Method } from '../protocol/method.ts';

/** The API's methods, by name. */
export interface Registry {
  find(name: string): Method | undefined;
  /** In the order of registration. */
  readonly names: readonly string[];
}

/** Throws where two methods share a name, so that the process stops before its first message. */
export function createRegistry(methods: readonly Method[]): Registry {
  const byName = new Map<string, Method>();
  for (const method of methods) {
    if (byName.has(method.name)) throw new Error(`two methods are registered as ${method.name}`);
    byName.set(method.name, method);
  }
  return { find: (name) => byName.get(name), names: [...byName.keys()] };
}
