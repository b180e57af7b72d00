import { expect, test } from 'vitest';

import { createRegistry } from '../../../src/dispatch/registry.ts';
import type { Method } from '../../../src/protocol/method.ts';
import { ok } from '../../../src/protocol/response.ts';

const named = (name: string): Method => ({
  name,
  read: () => ({ valid: true, command: undefined }),
  execute: (batch) => Promise.resolve(batch.map(() => ok())),
});

test('two methods of one name fail the start', () => {
  expect(() => createRegistry([named('a.b'), named('c.d'), named('a.b')])).toThrow('a.b');
});

test('a name of Object.prototype is not a method', () => {
  const registry = createRegistry([named('a.b')]);
  expect(registry.find('constructor')).toBeUndefined();
  expect(registry.find('__proto__')).toBeUndefined();
  expect(registry.find('a.b')?.name).toBe('a.b');
});
