import { RE2JS } from 're2js';

/** What a reply queue's name must match, somewhere in it. */
export interface ReplyToPattern {
  /** Takes time in proportion to the name's length, whatever the name is. */
  test(name: string): boolean;
}

const MAX_PATTERN = 1_000;
/** Instructions of the compiled expression; each character of a name costs at most so many steps. */
const MAX_PROGRAM = 1_000;

/**
 * Compiles a regular expression for names that strangers choose. RE2 instead of JavaScript's own engine: that one tries
 * all ways to match, and one name can keep it busy for ever. So there is no lookaround and there are no backreferences.
 */
export function parseReplyToPattern(text: string): { pattern: ReplyToPattern } | { problem: string } {
  if (text.length > MAX_PATTERN) return { problem: `must be at most ${MAX_PATTERN} characters long` };
  const compiled = compile(text);
  if (compiled === undefined) return { problem: uncompiled(text) };
  if (compiled.programSize() > MAX_PROGRAM) {
    return { problem: 'must be a simpler regular expression; its counted repetitions, multiplied, are too large' };
  }
  return { pattern: { test: (name) => compiled.test(name) } };
}

function compile(text: string): RE2JS | undefined {
  try {
    // JavaScript's notations for characters, \u0041 for instance, become RE2's.
    return RE2JS.compile(RE2JS.translateRegExp(text));
  } catch {
    return undefined;
  }
}

function uncompiled(text: string): string {
  const missing = [
    ...(/\(\?<?[=!]/.test(text) ? ['lookaround'] : []),
    ...(/\\(?:[1-9]|k<)/.test(text) ? ['backreferences'] : []),
  ];
  const why = missing.length === 0 ? 'this one does not compile' : `it has no ${missing.join(' and no ')}`;
  return `must be a regular expression of RE2 (linear time); ${why}`;
}
