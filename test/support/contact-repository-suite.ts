import { afterAll, beforeAll, describe } from 'vitest';

import type { ContactRepository } from '../../src/contacts/repository.ts';
import { describeConcurrency } from './contact-repository/concurrency.ts';
import { describeCreates } from './contact-repository/creates.ts';
import { describeDeletes } from './contact-repository/deletes.ts';
import { strict, type Subject } from './contact-repository/fixtures.ts';
import { describeLists, describeReads } from './contact-repository/reads.ts';
import { describeUpdates } from './contact-repository/updates.ts';

/** Two repositories on one store, as two workers have them. */
export interface OpenRepositories {
  readonly contacts: ContactRepository;
  readonly other: ContactRepository;
  /** Releases the store and what is in it. */
  close(): Promise<void>;
}

/**
 * Tests everything that `src/contacts/repository.ts` promises; any adapter must pass. `open`
 * returns repositories on an empty store of their own; each group of tests calls it once.
 */
export function describeContactRepository(name: string, open: () => Promise<OpenRepositories>): void {
  describe(`the contact repository (${name})`, () => {
    describe('create', () => {
      describeCreates(subjectOf(open));
    });
    describe('update', () => {
      describeUpdates(subjectOf(open));
    });
    describe('delete', () => {
      describeDeletes(subjectOf(open));
    });
    describe('get', () => {
      describeReads(subjectOf(open));
    });
    describe('list', () => {
      describeLists(subjectOf(open));
    });
    describe('two repositories on one store', () => {
      describeConcurrency(subjectOf(open));
    });
  });
}

/** Opens repositories before the calling group of tests and closes them after it. */
function subjectOf(open: () => Promise<OpenRepositories>): Subject {
  let opened: OpenRepositories;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened.close());
  return {
    get contacts() {
      return strict(opened.contacts);
    },
    get other() {
      return strict(opened.other);
    },
  };
}
