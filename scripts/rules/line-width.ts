import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { projectFiles, typeScriptFiles } from './project-files.ts';

/** Longest line of prose, in characters. */
const MAX_WIDTH = 110;

const FENCE = /^\s*(?:```|~~~)/;
/** A list mark or comment mark, then a single link or word: nothing to wrap. */
const LINK_ONLY = /^\s*(?:[-*>]|\/\/|\d+\.)?\s*(?:!?\[[^\]]*\]\([^)]*\)|\S+)[.,;:]?$/;

/**
 * Returns lines of prose that are too long: comment lines in TypeScript files, and lines of
 * Markdown files outside tables and code blocks. A line that is a single link is accepted.
 */
export function widthProblems(root: string): string[] {
  const pages = projectFiles(root).filter((path) => path.endsWith('.md'));
  return [
    ...pages.flatMap((path) => tooLong(root, path, proseLines)),
    ...typeScriptFiles(root).flatMap((path) => tooLong(root, path, commentLines)),
  ];
}

type Selection = (lines: readonly string[]) => readonly (readonly [line: string, index: number])[];

function tooLong(root: string, path: string, select: Selection): string[] {
  const lines = readFileSync(join(root, path), 'utf8').split('\n');
  return select(lines)
    .filter(([line]) => [...line].length > MAX_WIDTH && !LINK_ONLY.test(line))
    .map(
      ([line, index]) =>
        `too-long: ${path}:${index + 1}\n  ${[...line].length} characters of prose; at most ${MAX_WIDTH}.`,
    );
}

function proseLines(lines: readonly string[]): [string, number][] {
  let fenced = false;
  return [...lines.entries()].flatMap(([index, line]): [string, number][] => {
    const mark = FENCE.test(line);
    if (mark) fenced = !fenced;
    return mark || fenced || /^\s*\|/.test(line) ? [] : [[line, index]];
  });
}

function commentLines(lines: readonly string[]): [string, number][] {
  let open = false;
  return [...lines.entries()].flatMap(([index, line]): [string, number][] => {
    const text = line.trim();
    const comment = open || text.startsWith('//') || text.startsWith('/*');
    if (!text.startsWith('//') && comment) open = !text.includes('*/');
    return comment ? [[line, index]] : [];
  });
}
