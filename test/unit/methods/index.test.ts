import { readdirSync } from 'node:fs';

import { expect, test } from 'vitest';

import { encodeRows } from '../../../src/codec/encode.ts';
import type { ContactRepository } from '../../../src/contacts/repository.ts';
import { createRegistry } from '../../../src/dispatch/registry.ts';
import { apiMethods } from '../../../src/methods/index.ts';

const SOURCES = new URL('../../../src/methods/', import.meta.url);

test('every file that is named as a method is registered, under its own name', () => {
  const files = readdirSync(SOURCES).filter((name) => /^contact\.\w+\.ts$/.test(name));
  const { names } = createRegistry(apiMethods({} as ContactRepository, { listMaxPerPage: 1000, encodeRows }));
  expect(names.map((name) => `${name}.ts`).toSorted()).toEqual(files.toSorted());
  expect(files.length).toBeGreaterThan(0);
});
