import type { Parsed } from './document.ts';
import { readText } from './encoding.ts';
import { FaultError } from './fault-error.ts';
import { TreeBuilder } from './tree-builder.ts';
import { checkWellFormed } from './well-formedness.ts';

/**
 * Returns what `parseDocument` returns, but builds the tree during the well-formedness check: a page
 * of contacts costs a sixth. `maxElements`: the most elements in one document.
 */
export function parseAnswer(body: Uint8Array, maxElements: number): Parsed {
  const tree = new TreeBuilder();
  try {
    checkWellFormed(readText(body), maxElements, tree);
  } catch (error) {
    if (error instanceof FaultError) return { ok: false, fault: error.fault };
    throw error;
  }
  return { ok: true, root: tree.root };
}
