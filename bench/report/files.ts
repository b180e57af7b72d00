import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../../infrastructure/command.ts';
import type { Results } from '../figures.ts';
import { comparison, page } from './page.ts';

/** The folder of the results. */
const FOLDER = 'bench/results';

/**
 * Writes the results as JSON, as a self-contained page, and the comparison as a picture. Returns
 * the files' names.
 */
export function writeFiles(results: Results): readonly string[] {
  const name = join(FOLDER, results.startedAt.slice(0, 16).replace(':', ''));
  mkdirSync(join(ROOT, FOLDER), { recursive: true });
  const picture = comparison(results.throughput);
  const files = {
    [`${name}.json`]: `${JSON.stringify(results, undefined, 1)}\n`,
    [`${name}.html`]: page(results),
    ...(picture !== undefined && { [`${name}.svg`]: `${picture}\n` }),
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(ROOT, file), text);
  return Object.keys(files);
}

/** Writes the results of one study by itself; returns the file's name. */
export function writeResults(study: string, startedAt: string, results: object): string {
  const name = join(FOLDER, `${study}-${startedAt.slice(0, 16).replace(':', '')}.json`);
  mkdirSync(join(ROOT, FOLDER), { recursive: true });
  writeFileSync(join(ROOT, name), `${JSON.stringify(results, undefined, 1)}\n`);
  return name;
}
