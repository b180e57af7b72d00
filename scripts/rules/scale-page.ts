import { readFileSync } from 'node:fs';

import { moneyOf, readSizingInput, sizeOf, type SiteSize } from './sizing.ts';
import { unformatted, withMarkedPart } from './marked-part.ts';

/** The page's location. */
export const SCALE_PAGE = new URL('../../docs/scale.md', import.meta.url);
const PART = {
  page: 'docs/scale.md',
  what: 'table',
  begin: '<!-- sizes: written by `node scripts/scale-table.ts` from docs/scale.json -->',
  end: '<!-- end of sizes -->',
};
const RATES = [1_000, 10_000, 100_000];

/** Returns docs/scale.md as it has to be: its own text, with the table between the marks. */
export function scalePage(page: string): string {
  return withMarkedPart(page, PART, unformatted(table()));
}

/** Returns docs/scale.md as it is. */
export function readScalePage(): string {
  return readFileSync(SCALE_PAGE, 'utf8');
}

function table(): string {
  const { costs, assumptions, clouds } = readSizingInput();
  const sizes = RATES.map((rate) => sizeOf(rate, costs, assumptions));
  const row = (name: string, figure: (size: SiteSize) => string): string =>
    `| ${[name, ...sizes.map(figure)].join(' | ')} |`;
  const dollars = (amount: number): string => `$${Math.round(amount / 10) * 10}`.replace(/\B(?=(\d{3})+$)/g, ',');
  return [
    `| requests a second | ${RATES.map((rate) => rate.toLocaleString('en')).join(' | ')} |`,
    `| --- | ${RATES.map(() => '---:').join(' | ')} |`,
    row('request queues', ({ queues }) => String(queues)),
    row('workers (processes, a core each)', ({ workers }) => String(workers)),
    row('brokers × cores', ({ brokers }) => `${brokers.count} × ${brokers.coresOfEach}`),
    row('shards', ({ shards }) => String(shards)),
    row('database members × cores', ({ database }) => `${database.count} × ${database.coresOfEach}`),
    row('disk, GiB', ({ diskGib }) => String(diskGib)),
    row('network, Mbit/s at the producers', ({ megabitsPerSecond }) => String(megabitsPerSecond)),
    ...clouds.map((cloud) => row(`a month, ${cloud.name}`, (size) => dollars(moneyOf(size, cloud, assumptions)))),
  ].join('\n');
}
