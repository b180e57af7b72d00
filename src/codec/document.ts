import type { Fault } from '../protocol/fault.ts';
import type { XmlElement } from '../protocol/request.ts';
import { readText } from './encoding.ts';
import { checkWellFormed } from './well-formedness.ts';
import { sniffFault } from './content-sniffing.ts';
import { FaultError } from './fault-error.ts';
import { buildTree } from './tree.ts';

/** A document's root element, or its fault (MALFORMED_XML or UNSUPPORTED_ENCODING). */
export type Parsed = { readonly ok: true; readonly root: XmlElement } | { readonly ok: false; readonly fault: Fault };

/**
 * Parses any XML 1.0 document without DOCTYPE. Pure; never throws for any input of a sender.
 * `contentEncoding` is used only to explain why a body is not a document. `maxElements`: the
 * default is a request's.
 */
export function parseDocument(body: Uint8Array, contentEncoding?: string, maxElements?: number): Parsed {
  try {
    const text = readText(body);
    const { hasInstructions } = checkWellFormed(text, maxElements);
    return { ok: true, root: buildTree(text, hasInstructions) };
  } catch (error) {
    if (error instanceof FaultError) return { ok: false, fault: (sniffFault(body, contentEncoding) ?? error).fault };
    throw error;
  }
}
