import type { BrokerLook, ConsoleContext } from '../context.ts';
import { rosterOf } from '../../protocol/request-queues.ts';
import { reasonOf } from '../problem.ts';
import { Backlog, trendOf } from './backlog.ts';
import type { HistoryPoint, Overview } from './overview.ts';
import { comparable, failureRates, methodRates, ratesOf, rounded, stageTimes, type PagePair } from './rates.ts';
import { allRequests, type BrokerState, type WorkerState } from './states.ts';
import { verdictsOf } from './verdicts.ts';
import { holdsOf, readWorkerPage, type WorkerPage } from './worker-page.ts';

const FETCH_TIMEOUT_MS = 1_500;
/** Half an hour at two seconds. */
const MAX_HISTORY = 900;
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

type Source = Pick<ConsoleContext, 'queue' | 'requestQueues' | 'metricsUrls' | 'lookAtBroker'>;

/** One worker's page, or why it could not be read. */
interface Reading {
  readonly url: string;
  readonly page: WorkerPage | undefined;
  readonly problem: string | undefined;
}

/** Looks at the broker and the workers again and again, and remembers the last half hour. */
export class Sampler {
  readonly #source: Source;
  readonly #everyMs: number;
  readonly #history: HistoryPoint[] = [];
  readonly #backlog = new Backlog();
  #broker: BrokerLook | undefined;
  #earlier: { readonly time: number; readonly pages: ReadonlyMap<string, WorkerPage> } | undefined;
  #latest: Promise<Overview>;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** Begins with a first look. */
  constructor(source: Source, everyMs: number) {
    this.#source = source;
    this.#everyMs = everyMs;
    this.#latest = this.#look();
    void this.#latest.finally(() => this.#schedule());
  }

  /** The last look. */
  get latest(): Promise<Overview> {
    return this.#latest;
  }

  /** The points after a time in milliseconds since the epoch. */
  historySince(time: number): readonly HistoryPoint[] {
    return this.#history.filter((point) => point.time > time);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#latest;
    await this.#broker?.close();
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      const look = this.#look();
      void look.then(() => {
        this.#latest = look;
        this.#schedule();
      });
    }, this.#everyMs);
  }

  /** Never rejects: what cannot be seen is a verdict. */
  async #look(): Promise<Overview> {
    const [broker, readings] = await Promise.all([this.#brokerState(), this.#readings()]);
    const time = Date.now();
    const { queue } = this.#source;
    const pages = new Map(readings.flatMap(({ url, page }) => (page === undefined ? [] : [[url, page] as const])));
    const seconds = Math.max((time - (this.#earlier?.time ?? time)) / 1_000, 0.001);
    const pairs = [...pages].flatMap(([url, now]): [string, PagePair][] => {
      const earlier = this.#earlier?.pages.get(url);
      return earlier === undefined ? [] : [[url, [earlier, now]]];
    });
    const usable = comparable(pairs.map(([, pair]) => pair));
    const workers = readings.map((reading) => workerState(reading, new Map(pairs).get(reading.url), seconds));
    const all = [...pages.values()];
    const requests = allRequests(broker.queues, broker.roster) ?? null;
    if (broker.problem === undefined) this.#backlog.look(time, broker.queues, broker.dead?.messages);
    else this.#backlog.forget();
    const oldest = this.#backlog.oldest(time, requests?.messages ?? null, all);
    const overview: Overview = {
      time: new Date(time).toISOString(),
      queue,
      verdicts: verdictsOf(queue, broker, workers, oldest),
      requests,
      queues: broker.queues.map(({ name, figures }) => ({ name, messages: null, consumers: null, ...figures })),
      oldest_request: oldest,
      trend: trendOf([...this.#history, { time, waiting: requests?.messages ?? null }]),
      dead_letters: broker.dead ?? null,
      rates: ratesOf(usable, seconds),
      in_flight: all.reduce((sum, { inFlight }) => sum + inFlight, 0),
      workers,
      methods: methodRates(usable, all, seconds),
      failures: failureRates(usable, all, seconds),
      stages: stageTimes(usable, all),
    };
    this.#earlier = { time, pages };
    this.#remember(time, overview);
    return overview;
  }

  #remember(time: number, { rates, requests, dead_letters: dead, in_flight }: Overview): void {
    const depth = { waiting: requests?.messages ?? null, dead: dead?.messages ?? null };
    this.#history.push({ time, ...rates, ...depth, in_flight });
    if (this.#history.length > MAX_HISTORY) this.#history.shift();
  }

  async #brokerState(): Promise<BrokerState> {
    const { queue, requestQueues } = this.#source;
    try {
      const look = (this.#broker ??= await this.#source.lookAtBroker());
      const names = [...requestQueues, `${queue}.dead`];
      // One after the other: each opens a channel.
      const queues = [];
      for (const name of names) queues.push({ name, figures: await look.queue(name) });
      const roster = requestQueues.length === 1 ? undefined : await look.queue(rosterOf(queue));
      return { problem: undefined, dead: queues.pop()?.figures, queues, roster };
    } catch (error) {
      const broken = this.#broker;
      this.#broker = undefined;
      await broken?.close();
      return { problem: reasonOf(error), queues: [], dead: undefined };
    }
  }

  #readings(): Promise<Reading[]> {
    return Promise.all(
      this.#source.metricsUrls.map(async (url): Promise<Reading> => {
        try {
          const answer = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS), redirect: 'error' });
          if (!answer.ok) throw new Error(`its metrics answer ${answer.status}`);
          return { url, page: readWorkerPage(await limitedText(answer)), problem: undefined };
        } catch (error) {
          const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
          return { url, page: undefined, problem: reasonOf(cause) };
        }
      }),
    );
  }
}

/** Another program may listen there. */
async function limitedText(answer: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > MAX_PAGE_BYTES) throw new Error(`its metrics have more than ${MAX_PAGE_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function workerState({ url, page, problem }: Reading, pair: PagePair | undefined, seconds: number): WorkerState {
  const name = new URL(url).host;
  if (page === undefined) {
    const text = `Its metrics cannot be read: ${problem ?? ''}`;
    return { name, state: 'unreachable', reasons: [{ code: 'unreachable', text }], ...NOTHING_KNOWN };
  }
  const reasons = holdsOf(page);
  const [usable] = comparable(pair === undefined ? [] : [pair]);
  return {
    name,
    state: page.ready && page.holds.length === 0 ? 'consuming' : 'holding',
    reasons,
    in_flight: page.inFlight,
    requests_per_second: usable === undefined ? null : rounded((usable[1].requests - usable[0].requests) / seconds),
    uptime_seconds: page.startedAt === 0 ? null : Math.round(Date.now() / 1_000 - page.startedAt),
    memory_bytes: page.memoryBytes,
    event_loop_p99_ms: rounded(page.eventLoopMs),
    reconnects: page.reconnects,
  };
}

const NOTHING_KNOWN = {
  in_flight: null,
  requests_per_second: null,
  uptime_seconds: null,
  memory_bytes: null,
  event_loop_p99_ms: null,
  reconnects: null,
} as const;
