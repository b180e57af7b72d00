import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = 'docs/threat-model.md';
/** Tables with this last column name tests. */
const COLUMN = 'shown by';
const TEST = /`(test\/[^`]+\.test\.ts)`: "([^"]+)"/g;

/**
 * Returns the lines of the threat model that name no test, and tests that do not exist: each table
 * with the column "shown by" is read. A missing page is a problem.
 */
export function threatProblems(root: string): string[] {
  const page = join(root, PAGE);
  if (!existsSync(page))
    return [`missing-page: ${PAGE}\n  This page lists the threats; without it nothing is checked.`];
  let isNaming = false;
  let rows = 0;
  const problems = readFileSync(page, 'utf8')
    .split('\n')
    .flatMap((line, at): string[] => {
      if (!line.startsWith('|')) {
        isNaming = false;
        return [];
      }
      const cells = line.split('|').map((cell) => cell.trim());
      if (cells.at(-2) === COLUMN) isNaming = true;
      else if (isNaming && !/^[|\s:-]+$/.test(line)) {
        rows += 1;
        return problemsOf(root, `${PAGE}:${at + 1}`, cells.at(-2) ?? '');
      }
      return [];
    });
  return rows === 0 ? [`no-tests: ${PAGE}\n  No table has the column "${COLUMN}".`] : problems;
}

function problemsOf(root: string, place: string, cell: string): string[] {
  const named = [...cell.matchAll(TEST)];
  if (named.length === 0) return [`no-test: ${place}\n  The line names no test as \`file\`: "title".`];
  return named.flatMap(([, file = '', title = '']) => {
    const path = join(root, file);
    if (existsSync(path) && titlesIn(readFileSync(path, 'utf8')).has(title.replaceAll('\\_', '_'))) return [];
    return [`missing-test: ${place}\n  ${file} has no test "${title}".`];
  });
}

/** The texts that are the first argument of a call: titles of tests are among them. */
function titlesIn(source: string): ReadonlySet<string> {
  const texts = source.matchAll(/\(\s*(['"`])((?:\\.|(?!\1)[^\\\n])*)\1\s*,/g);
  return new Set([...texts].map(([, , text = '']) => text.replaceAll(/\\(.)/g, '$1')));
}
