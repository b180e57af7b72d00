import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };
/** A minute takes two seconds. */
const FACTOR = 30;
/** A rate needs two scrapes. */
const LEAST_S = 4;
/** Windows of hours would make a test wait for the end of an alert. */
const MOST_S = 60;

/** A window in the lapse, in seconds; windows of the same order stay in their order. */
function lapsed(count: string, unit: string): number {
  return Math.min(MOST_S, Math.max(LEAST_S, (Number(count) * SECONDS[unit]!) / FACTOR));
}

/**
 * Makes Prometheus's files in a folder run faster: a scrape each second, windows 30 times as short,
 * and alerts that fire two seconds after their expression is true. Expressions and thresholds stay.
 */
export function shortenTimes(folder: string): void {
  const edit = (file: string, change: (text: string) => string): void => {
    const path = join(folder, file);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  };
  edit('prometheus.yml', (text) =>
    text
      .replaceAll(/(scrape|evaluation)_interval: 15s/g, '$1_interval: 1s')
      .replace('refresh_interval: 10s', 'refresh_interval: 1s'),
  );
  for (const file of readdirSync(join(folder, 'rules'))) edit(`rules/${file}`, shortenedRules);
}

/** Returns the text of a rule file with shorter times. */
export function shortenedRules(text: string): string {
  return text
    .replaceAll(/^(\s+for: )\d+[smh]$/gm, '$12s')
    .replaceAll(/\[(\d+)([smh])\]/g, (_, count: string, unit: string) => `[${lapsed(count, unit)}s]`)
    .replaceAll(/offset (\d+)([smh])/g, (_, count: string, unit: string) => `offset ${lapsed(count, unit)}s`)
    .replaceAll(/> time\(\) - (\d+)/g, (_, count: string) => `> time() - ${lapsed(count, 's')}`);
}
