import type { ItemDefectError } from '../contacts/unservable.ts';

/** What an operator may set about methods, and what they tell beside their answers. */
export interface MethodLimits {
  /** Contacts on a page of contact.list at most; at least 1. */
  readonly listMaxPerPage: number;
  /** Told of each contact that a list leaves out, as no answer can hold its text. */
  readonly leftOut?: (why: ItemDefectError) => void;
}
