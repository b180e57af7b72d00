import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { format, resolveConfig } from 'prettier';

import { ROOT } from '../../infrastructure/command.ts';
import { comparisonPage } from './comparison.ts';
import { readResults } from './saved.ts';

/** The page that compares the subjects. */
export const PAGE = 'docs/comparison.md';

export function readComparison(): string {
  return readFileSync(join(ROOT, PAGE), 'utf8');
}

/** Returns the page that belongs to a file of results. */
export async function comparisonOf(file: string): Promise<string> {
  const options = (await resolveConfig(join(ROOT, PAGE))) ?? {};
  const text = comparisonPage(readResults(file), file);
  return format(text, { ...options, parser: 'markdown', proseWrap: 'always', printWidth: 100 });
}

export async function writeComparison(file: string): Promise<void> {
  writeFileSync(join(ROOT, PAGE), await comparisonOf(file));
}
