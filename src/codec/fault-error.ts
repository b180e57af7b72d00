import { fault } from '../protocol/fault.ts';
import type { FaultCode } from '../protocol/catalogue.ts';
import type { Fault } from '../protocol/fault.ts';

/** Ends parsing with a fault; `parseDocument` returns the fault. Never leaves the codec. */
export class FaultError extends Error {
  override readonly name = 'FaultError';
  readonly fault: Fault;

  constructor(code: FaultCode, message: string) {
    super(message);
    this.fault = fault(code, message);
  }
}

/** A MALFORMED_XML fault at an index of the text; the message starts with line and column. */
export function malformedAt(text: string, index: number, problem: string): FaultError {
  const { line, column } = positionOf(text, index);
  return new FaultError('MALFORMED_XML', `line ${line}, column ${column}: ${problem}`);
}

/**
 * Line and column (both from 1, columns in Unicode characters) of an index. Lines end with CR LF,
 * CR or LF.
 */
function positionOf(text: string, index: number): { readonly line: number; readonly column: number } {
  let line = 1;
  let column = 1;
  for (let i = 0; i < index && i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x0a || (code === 0x0d && text.charCodeAt(i + 1) !== 0x0a)) {
      line++;
      column = 1;
    } else if (code < 0xdc00 || code > 0xdfff) {
      // The second half of a surrogate pair belongs to the previous character.
      column++;
    }
  }
  return { line, column };
}
