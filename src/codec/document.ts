import type { Fault } from '../protocol/fault.ts';
import type { XmlElement } from '../protocol/request.ts';
import { readText } from './encoding.ts';
import { checkWellFormed } from './well-formedness.ts';
import { sniffFault } from './content-sniffing.ts';
import { FaultError } from './fault-error.ts';
import { buildTree } from './tree.ts';
import { TreeBuilder } from './tree-builder.ts';
import { exceededLimitIn } from './content-limits.ts';

/** A document's root element, or its fault (MALFORMED_XML or UNSUPPORTED_ENCODING). */
export type Parsed = { readonly ok: true; readonly root: XmlElement } | { readonly ok: false; readonly fault: Fault };

/**
 * Characters of a document whose tree fast-xml-parser builds. The events of the well-formedness check
 * build the tree of a longer one: for thousands of elements fast-xml-parser takes 10× the time.
 */
export const MAX_USUAL_LENGTH = 1_024;

/** Levels of elements in the tree of a longer document. No method reads more than four. */
const MAX_KEPT_DEPTH = 16;

/**
 * Parses any XML 1.0 document without DOCTYPE. Pure; never throws for any input of a sender.
 * `contentEncoding` is used only to explain why a body is not a document. `maxElements`: the
 * default is a request's. The tree of a document of more than 1,024 characters has 16 levels at most.
 */
export function parseDocument(body: Uint8Array, contentEncoding?: string, maxElements?: number): Parsed {
  try {
    const text = readText(body);
    return {
      ok: true,
      root: text.length > MAX_USUAL_LENGTH ? treeOf(text, maxElements) : usualTreeOf(text, maxElements),
    };
  } catch (error) {
    if (error instanceof FaultError) return { ok: false, fault: (sniffFault(body, contentEncoding) ?? error).fault };
    throw error;
  }
}

function usualTreeOf(text: string, maxElements: number | undefined): XmlElement {
  const { hasInstructions } = checkWellFormed(text, maxElements);
  return buildTree(text, hasInstructions);
}

function treeOf(text: string, maxElements: number | undefined): XmlElement {
  const tree = new TreeBuilder(MAX_KEPT_DEPTH);
  checkWellFormed(text, maxElements, tree, exceededLimitIn(text));
  return tree.root;
}
