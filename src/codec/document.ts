import type { Fault } from '../protocol/fault.ts';
import type { XmlElement } from '../protocol/request.ts';
import { readText } from './encoding.ts';
import { checkWellFormed } from './gate.ts';
import { frontProblem } from './front.ts';
import { FaultError } from './fault-error.ts';
import { buildTree } from './tree.ts';

/** A document's root element, or why it cannot be read (MALFORMED_XML or UNSUPPORTED_ENCODING). */
export type Parsed = { readonly ok: true; readonly root: XmlElement } | { readonly ok: false; readonly fault: Fault };

/**
 * Reads any XML 1.0 document without DOCTYPE, whatever it is about. Pure; never throws for what a sender can send.
 * `contentEncoding` only helps to say what a body is that is no document. `maxElements`: the default is a request's.
 */
export function parseDocument(body: Uint8Array, contentEncoding?: string, maxElements?: number): Parsed {
  try {
    const text = readText(body);
    const { hasInstructions } = checkWellFormed(text, maxElements);
    return { ok: true, root: buildTree(text, hasInstructions) };
  } catch (error) {
    if (error instanceof FaultError) return { ok: false, fault: (frontProblem(body, contentEncoding) ?? error).fault };
    throw error;
  }
}
