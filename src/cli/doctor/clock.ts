import { errorsIn } from '../answer.ts';
import type { CallOptions } from '../../client/index.ts';
import type { Contacts } from '../contacts.ts';
import { failed, ok, skipped, type Finding } from './finding.ts';

/** Deadlines are compared with the worker's clock; less than this harms no usual one. */
const MAX_DRIFT_MS = 2_000;
const PROBE = '<?xml version="1.0" encoding="UTF-8"?><request method="contact.list"/>';
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/;

/**
 * The worker's clock, in milliseconds since the epoch: a request whose deadline is over is answered
 * with it, and not executed. `undefined` where the answer does not contain it.
 */
export async function workerClock(contacts: Contacts, call: CallOptions): Promise<number | undefined> {
  const { xml } = await contacts.request(PROBE, { ...call, deadline: 1 });
  const expired = errorsIn(xml).find(({ code }) => code === 'EXPIRED');
  const time = expired === undefined ? null : TIME.exec(expired.message);
  return time === null ? undefined : Date.parse(time[0]);
}

/** How far a clock is from this machine's. */
export function clockFinding(check: string, clock: number | undefined): Finding {
  if (clock === undefined) return skipped(check, 'not known');
  const drift = clock - Date.now();
  const words = `${Math.abs(drift) < 1_000 ? 'less than 1' : Math.round(Math.abs(drift) / 1_000)} s ${drift > 0 ? 'ahead of' : 'behind'} this machine's`;
  if (Math.abs(drift) <= MAX_DRIFT_MS) return ok(check, words);
  const remedy = 'synchronise the clocks (NTP): deadlines are compared with the worker’s';
  return failed(check, words, remedy);
}
