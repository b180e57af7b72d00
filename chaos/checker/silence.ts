import { needsAnswer, FAULT_SENDER } from '../journal.ts';
import type { FaultWindow, Ledger, Request } from './ledger.ts';
import type { FaultCounts, Findings } from './verdict.ts';

const NANOSECONDS_PER_MS = 1e6;

/**
 * From the first confirmed sending to the first answer; a request without an answer is silent until
 * the end.
 */
interface Silence {
  readonly id: string;
  readonly sender: Request['sender'];
  readonly method: Request['method'];
  readonly from: number;
  readonly to: number;
}

/**
 * Returns the longest silence in milliseconds, over all requests and by kind of fault, for those in
 * flight meanwhile.
 */
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

/** Checks that a fault of one request or one queue delays nobody else. */
export function examineOthers(ledger: Ledger, findings: Findings): void {
  // Poison requests are retried one after the other, so they wait for each other.
  const others = silencesIn(ledger).filter(({ sender, method }) => sender !== FAULT_SENDER && method !== 'poison');
  for (const window of ledger.faults) {
    const { othersWithinMs, name } = window;
    if (othersWithinMs === undefined) continue;
    for (const silence of others) {
      const ms = lengthOf(silence);
      if (ms <= othersWithinMs || !meets(silence, window)) continue;
      const detail = `silent for ${Math.round(ms)} ms; at most ${othersWithinMs} ms are allowed during: ${name}`;
      findings.add('others-answered', detail, { id: silence.id });
    }
  }
}

/** Returns the silences of all requests that need an answer; an unreadable one does not. */
function silencesIn(ledger: Ledger): Silence[] {
  const silences: Silence[] = [];
  for (const { id, sender, method, firstConfirmed: from, answers } of ledger.requests.values()) {
    if (from === undefined || !needsAnswer(method)) continue;
    // An unconfirmed sending may be answered before the first confirmed one: no silence.
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
