import { Random } from '../../chaos/random.ts';

/** A site to simulate: `workers` share one queue and a database. */
export interface SimulatedFleet {
  readonly workers: number;
  readonly databaseCores: number;
  /** Requests a second, at random times. */
  readonly perSecond: number;
  /** `ranked`: the broker fills the prefetch of one worker before it turns to the next. */
  readonly policy: 'equal' | 'ranked';
  readonly prefetch: number;
  readonly costs: FleetCosts;
}

/** Microseconds of processor time: of each batch, and of each request in it. */
export interface FleetCosts {
  readonly database: { readonly batch: number; readonly request: number };
  readonly worker: { readonly batch: number; readonly request: number };
}

/** What a simulated fleet did. */
export interface SimulatedFleetResult {
  readonly batch: number;
  /** Microseconds of the database for each request. */
  readonly databaseMicros: number;
  /** Busy share of the database's processors, 0 … 1. */
  readonly databaseBusy: number;
  /** Workers that executed a tenth of their even share, at least. */
  readonly active: number;
  /** Milliseconds from arrival to the end of the batch. */
  readonly p50: number;
  readonly p99: number;
}

/** As the worker's batcher: batches of one method at the database at once, and requests in one. */
const SLOTS = 2;
const MAX_BATCH = 128;

interface SimulatedWorker {
  readonly waiting: number[];
  held: number;
  batches: number;
  executed: number;
  /** When its processor is free again. */
  freeAt: number;
}

interface Step {
  readonly at: number;
  run(): void;
}

/**
 * Simulates `seconds` of a fleet by discrete events. Time is in microseconds. A batch needs the
 * worker's own processor first, then one of the database's; both serve in order of arrival.
 */
export function simulateFleet(fleet: SimulatedFleet, seconds: number, seed: number): SimulatedFleetResult {
  return new Simulation(fleet, new Random(seed)).run(seconds * 1e6);
}

class Simulation {
  readonly #fleet: SimulatedFleet;
  readonly #random: Random;
  readonly #workers: readonly SimulatedWorker[];
  readonly #queue: number[] = [];
  readonly #steps: Step[] = [];
  readonly #coresFreeAt: number[];
  readonly #latencies: number[] = [];
  #next = 0;
  #batches = 0;
  #databaseTime = 0;

  constructor(fleet: SimulatedFleet, random: Random) {
    this.#fleet = fleet;
    this.#random = random;
    this.#workers = Array.from({ length: fleet.workers }, () => ({
      waiting: [],
      held: 0,
      batches: 0,
      executed: 0,
      freeAt: 0,
    }));
    this.#coresFreeAt = Array.from({ length: fleet.databaseCores }, () => 0);
  }

  run(until: number): SimulatedFleetResult {
    this.#arrive(0, until);
    for (let step = this.#steps.shift(); step !== undefined; step = this.#steps.shift()) step.run();
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const at = (share: number): number => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0) / 1e3;
    const even = sorted.length / this.#workers.length;
    return {
      batch: sorted.length / this.#batches,
      databaseMicros: this.#databaseTime / sorted.length,
      databaseBusy: this.#databaseTime / this.#fleet.databaseCores / until,
      active: this.#workers.filter(({ executed }) => executed > even / 10).length,
      p50: at(0.5),
      p99: at(0.99),
    };
  }

  #arrive(at: number, until: number): void {
    this.#queue.push(at);
    this.#deliver(at);
    const next = at - Math.log(1 - this.#random.next()) * (1e6 / this.#fleet.perSecond);
    if (next < until) this.#at(next, () => this.#arrive(next, until));
  }

  /** The broker delivers what waits to workers with room. */
  #deliver(now: number): void {
    while (this.#queue.length > 0) {
      const worker = this.#nextWorker();
      if (worker === undefined) return;
      worker.held += 1;
      worker.waiting.push(this.#queue.shift()!);
      this.#send(worker, now);
    }
  }

  #nextWorker(): SimulatedWorker | undefined {
    const hasRoom = ({ held }: SimulatedWorker): boolean => held < this.#fleet.prefetch;
    if (this.#fleet.policy === 'ranked') return this.#workers.find(hasRoom);
    for (let tried = 0; tried < this.#workers.length; tried += 1) {
      const worker = this.#workers[this.#next++ % this.#workers.length];
      if (worker !== undefined && hasRoom(worker)) return worker;
    }
    return undefined;
  }

  #send(worker: SimulatedWorker, now: number): void {
    if (worker.batches === SLOTS || worker.waiting.length === 0) return;
    const { costs } = this.#fleet;
    const batch = worker.waiting.splice(0, MAX_BATCH);
    worker.batches += 1;
    this.#batches += 1;
    worker.freeAt = Math.max(now, worker.freeAt) + costs.worker.batch + costs.worker.request * batch.length;
    const core = this.#coresFreeAt.indexOf(Math.min(...this.#coresFreeAt));
    const micros = costs.database.batch + costs.database.request * batch.length;
    const end = Math.max(worker.freeAt, this.#coresFreeAt[core] ?? 0) + micros;
    this.#coresFreeAt[core] = end;
    this.#databaseTime += micros;
    this.#at(end, () => {
      worker.batches -= 1;
      worker.held -= batch.length;
      worker.executed += batch.length;
      for (const arrived of batch) this.#latencies.push(end - arrived);
      this.#send(worker, end);
      this.#deliver(end);
    });
  }

  /** Keeps the steps in order of time. */
  #at(at: number, run: () => void): void {
    let [low, high] = [0, this.#steps.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#steps[middle]?.at ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    this.#steps.splice(low, 0, { at, run });
  }
}
