import { needsAnswer, FAULT_SENDER } from '../journal.ts';
import type { FaultWindow, Ledger, Request } from './ledger.ts';
import type { FaultCounts, Findings } from './verdict.ts';

const NANOSECONDS_PER_MS = 1e6;

/** From first confirmed sending to first answer; what was never answered counts as silent until the end. */
interface Silence {
  readonly id: string;
  readonly sender: Request['sender'];
  readonly method: Request['method'];
  readonly from: number;
  readonly to: number;
}

/** The longest silence in milliseconds, over all and by kind of fault: of the requests on their way while it lasted. */
export function silencesOf(ledger: Ledger): { readonly longestMs: number; readonly faults: readonly FaultCounts[] } {
  const silences = silencesIn(ledger);
  const names = [...new Set(ledger.faults.map(({ name }) => name))].toSorted();
  const faults = names.map((name) => {
    const windows = ledger.faults.filter((window) => window.name === name);
    const met = silences.filter((silence) => windows.some((window) => meets(silence, window)));
    return { name, injections: windows.length, requests: met.length, longestSilenceMs: longest(met) };
  });
  return { longestMs: longest(silences), faults };
}

/** While one request or one queue is in trouble, all others go on as if nothing were the matter. */
export function examineOthers(ledger: Ledger, findings: Findings): void {
  // A poison request is tried several times, and one after the other: it waits for its own kind.
  const others = silencesIn(ledger).filter(({ sender, method }) => sender !== FAULT_SENDER && method !== 'poison');
  for (const window of ledger.faults) {
    const { othersWithinMs, name } = window;
    if (othersWithinMs === undefined) continue;
    for (const silence of others) {
      const ms = lengthOf(silence);
      if (ms <= othersWithinMs || !meets(silence, window)) continue;
      const detail = `silent for ${Math.round(ms)} ms, and ${othersWithinMs} are allowed during: ${name}`;
      findings.add('others-answered', detail, { id: silence.id });
    }
  }
}

/** Of every request for which nothing but an answer will do; an unreadable one is no measure of anything. */
function silencesIn(ledger: Ledger): Silence[] {
  const silences: Silence[] = [];
  for (const { id, sender, method, firstConfirmed: from, answers } of ledger.requests.values()) {
    if (from === undefined || !needsAnswer(method)) continue;
    // An unconfirmed sending may be answered before the first confirmed one: no silence at all.
    silences.push({ id, sender, method, from, to: Math.max(from, answers[0]?.at ?? ledger.end) });
  }
  return silences;
}

function meets({ from, to }: Silence, { begins, ends }: FaultWindow): boolean {
  return from <= ends && to >= begins;
}

function lengthOf({ from, to }: Silence): number {
  return (to - from) / NANOSECONDS_PER_MS;
}

function longest(silences: readonly Silence[]): number {
  return silences.reduce((most, silence) => Math.max(most, lengthOf(silence)), 0);
}
