import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { markdownLines } from './markdown.ts';
import { projectFiles, typeScriptFiles } from './project-files.ts';

/** Longest line of prose, in characters. */
const MAX_WIDTH = 110;

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

type Selection = (text: string) => readonly (readonly [line: string, number: number])[];

function tooLong(root: string, path: string, select: Selection): string[] {
  return select(readFileSync(join(root, path), 'utf8'))
    .filter(([line]) => [...line].length > MAX_WIDTH && !LINK_ONLY.test(line))
    .map(
      ([line, number]) =>
        `too-long: ${path}:${number}\n  ${[...line].length} characters of prose; at most ${MAX_WIDTH}.`,
    );
}

function proseLines(page: string): [string, number][] {
  return markdownLines(page)
    .filter(({ text, code }) => !code && !/^\s*\|/.test(text))
    .map(({ text, number }) => [text, number]);
}

function commentLines(source: string): [string, number][] {
  let open = false;
  return source.split('\n').flatMap((line, index): [string, number][] => {
    const text = line.trim();
    const comment = open || text.startsWith('//') || text.startsWith('/*');
    if (!text.startsWith('//') && comment) open = !text.includes('*/');
    return comment ? [[line, index + 1]] : [];
  });
}
