import { readFileSync } from 'node:fs';

/** What one request costs, and one unit of a resource can do. Measured. */
export interface UnitCosts {
  /** Microseconds of processor time: of the worker, of the leader's broker, of each other broker. */
  readonly workerMicros: number;
  readonly brokerMicros: number;
  readonly followerMicros: number;
  /** Of the database that takes writes; each other member costs as much at most. */
  readonly databaseMicros: number;
  /** Requests a second of one quorum queue. */
  readonly queuePerSecond: number;
  /** On the database's disk, indexes included. */
  readonly contactBytes: number;
  /** Request and answer together. */
  readonly messageBytes: number;
}

/** What is assumed, not measured. */
export interface Assumptions {
  /** Share of a resource that is used on average; the rest is for peaks and outages. */
  readonly busy: number;
  readonly brokers: number;
  readonly databaseMembers: number;
  /** Above this, the database is sharded. */
  readonly coresOfOneDatabase: number;
  readonly contacts: number;
  readonly hoursAMonth: number;
}

/** List prices, in dollars. */
export interface Cloud {
  readonly name: string;
  readonly diskGibMonth: number;
  /** Smallest first. */
  readonly machines: readonly Machine[];
}

interface Machine {
  readonly name: string;
  readonly cores: number;
  readonly hour: number;
}

export interface SizingInput {
  readonly costs: UnitCosts;
  readonly assumptions: Assumptions;
  readonly clouds: readonly Cloud[];
}

/** The machines of one role. */
interface Role {
  readonly count: number;
  readonly coresOfEach: number;
}

/** The size of a site. */
export interface SiteSize {
  readonly perSecond: number;
  /** Processes, each with one core. */
  readonly workers: number;
  readonly queues: number;
  readonly brokers: Role;
  readonly shards: number;
  readonly database: Role;
  readonly diskGib: number;
  readonly megabitsPerSecond: number;
}

/** Two, so that one may restart. */
const MIN_WORKERS = 2;
const MIN_CORES = 2;
const GIB = 2 ** 30;

/** Reads ben../../docs/scale.json. */
export function readSizingInput(): SizingInput {
  return JSON.parse(readFileSync(new URL('../../docs/scale.json', import.meta.url), 'utf8')) as SizingInput;
}

/** Returns the size of a site for a rate, with one spare worker. */
export function sizeOf(perSecond: number, costs: UnitCosts, assumed: Assumptions): SiteSize {
  const { busy, brokers, databaseMembers, coresOfOneDatabase, contacts } = assumed;
  const coresFor = (micros: number): number => (perSecond * micros) / 1e6 / busy;
  const queues = Math.ceil(perSecond / (costs.queuePerSecond * busy));
  const brokerMicros = costs.brokerMicros + (brokers - 1) * costs.followerMicros;
  const shards = Math.ceil(coresFor(costs.databaseMicros) / coresOfOneDatabase);
  return {
    perSecond,
    workers: Math.max(MIN_WORKERS, Math.ceil(coresFor(costs.workerMicros)) + 1),
    queues,
    brokers: { count: brokers, coresOfEach: wholeCores(coresFor(brokerMicros) / brokers) },
    shards,
    database: {
      count: shards * databaseMembers,
      coresOfEach: wholeCores(coresFor(costs.databaseMicros) / shards),
    },
    diskGib: Math.ceil((contacts * costs.contactBytes * databaseMembers) / GIB),
    megabitsPerSecond: Math.ceil((perSecond * costs.messageBytes * 8) / 1e6),
  };
}

/** Returns dollars a month for the machines and disks of a site; without traffic and support. */
export function moneyOf(size: SiteSize, cloud: Cloud, { hoursAMonth }: Assumptions): number {
  const workers = costOf({ count: Math.ceil(size.workers / 2), coresOfEach: 2 }, cloud);
  const servers = costOf(size.brokers, cloud) + costOf(size.database, cloud);
  return (workers + servers) * hoursAMonth + size.diskGib * cloud.diskGibMonth;
}

function costOf({ count, coresOfEach }: Role, { machines, name }: Cloud): number {
  const machine = machines.find(({ cores }) => cores >= coresOfEach);
  if (machine === undefined) throw new Error(`${name} has no machine with ${coresOfEach} cores`);
  return count * machine.hour;
}

function wholeCores(cores: number): number {
  return Math.max(MIN_CORES, Math.ceil(cores));
}
