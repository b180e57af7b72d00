import type { Ledger } from './ledger.ts';
import type { FaultCounts } from './verdict.ts';

const NANOSECONDS_PER_MS = 1e6;

/** From first confirmed sending to first answer; what was never answered counts as silent until the end. */
interface Silence {
  readonly from: number;
  readonly to: number;
}

/** The longest silence in milliseconds, over all and by kind of fault: of the requests on their way while it lasted. */
export function silencesOf(ledger: Ledger): { readonly longestMs: number; readonly faults: readonly FaultCounts[] } {
  const silences: Silence[] = [];
  for (const { firstConfirmed: from, answers } of ledger.requests.values()) {
    // An unconfirmed sending may be answered before the first confirmed one: no silence at all.
    if (from !== undefined) silences.push({ from, to: Math.max(from, answers[0]?.at ?? ledger.end) });
  }
  const names = [...new Set(ledger.faults.map(({ name }) => name))].toSorted();
  const faults = names.map((name) => {
    const windows = ledger.faults.filter((window) => window.name === name);
    const met = silences.filter(({ from, to }) => windows.some(({ begins, ends }) => from <= ends && to >= begins));
    return { name, injections: windows.length, requests: met.length, longestSilenceMs: longest(met) };
  });
  return { longestMs: longest(silences), faults };
}

function longest(silences: readonly Silence[]): number {
  return silences.reduce((most, { from, to }) => Math.max(most, to - from), 0) / NANOSECONDS_PER_MS;
}
