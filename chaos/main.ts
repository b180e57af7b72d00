// npm run chaos [-- --short | options]: runs load, faults and repeats on three workers, then checks
// the run.
import { numberOf, optionsOf } from '../scripts/options.ts';
import { UserFacingError, printProgress } from '../infrastructure/progress.ts';
import { CLUSTER_FAULTS, clusterPlan } from './cluster/cluster-faults.ts';
import { runCommand } from './command.ts';
import { clientPlan, plan, queuesPlan, shortClientPlan, shortPlan } from './faults/plan.ts';
import { GUARDS, type Guard } from './guards.ts';
import { violationsOf } from './judge.ts';
import { writeReport } from './report.ts';
import { RECOVERY_LIMIT_MS, runChaos, type RunSettings } from './run.ts';

const USAGE = `npm run chaos                     the long form: 200,000 requests, 300 faults (about an hour)
npm run chaos -- --short          some kinds of each group of faults (two minutes)
npm run chaos -- --client         the load goes through the client library (with --short: half a minute)
npm run chaos -- --queues 4       the load goes over several queues, and workers are killed; judges their order, too
npm run chaos -- --cluster        a cluster of three brokers, and what happens to clusters (half an hour)
npm run chaos -- --claims         the workers claim their creates, as for a sharded database (with --short: two minutes)
  --seed N            repeats the choices of a run, which prints its seed
  --requests N        least number of requests (repeats excluded)
  --faults N          number of faults
  --minutes N         no fault begins later than this
  --recovery N        seconds within which everything must work again after a fault (120; 20 with --remove-guard)
  --workers N, --senders N
  --partition-handling MODE   of the cluster: ignore, pause_minority or autoheal
  --only WORDS        only faults whose name contains these words
  --remove-guard G    one of ${GUARDS.join(', ')}: shows what fails without it`;

const SHORT_REQUESTS = 6_000;
const CLUSTER_REQUESTS = 20_000;
const PARTITION_HANDLING = ['ignore', 'pause_minority', 'autoheal'];

function options() {
  const text = { type: 'string' } as const;
  const { values } = optionsOf({
    options: {
      short: { type: 'boolean', default: false },
      client: { type: 'boolean', default: false },
      cluster: { type: 'boolean', default: false },
      claims: { type: 'boolean', default: false },
      queues: { ...text, default: '1' },
      help: { type: 'boolean', default: false },
      seed: { ...text, default: String(Date.now() % 1_000_000) },
      requests: text,
      faults: text,
      minutes: { ...text, default: '240' },
      recovery: { ...text, default: String(RECOVERY_LIMIT_MS / 1000) },
      workers: { ...text, default: '3' },
      senders: { ...text, default: '4' },
      only: text,
      'partition-handling': text,
      'remove-guard': text,
    },
  });
  return values;
}

function handlingOf(mode: string | undefined): string | undefined {
  if (mode === undefined || PARTITION_HANDLING.includes(mode)) return mode;
  throw new UserFacingError(`There is no mode "${mode}"; there are: ${PARTITION_HANDLING.join(', ')}.`);
}

function settingsOf(given: ReturnType<typeof options>): RunSettings {
  const removedGuard = given['remove-guard'];
  if (removedGuard !== undefined && !GUARDS.includes(removedGuard as Guard)) {
    throw new UserFacingError(`There is no guard "${removedGuard}"; there are: ${GUARDS.join(', ')}.`);
  }
  const { short, client, cluster, claims, only } = given;
  const queues = numberOf(given.queues);
  const requests = numberOf(given.requests ?? String(short ? SHORT_REQUESTS : cluster ? CLUSTER_REQUESTS : 200_000));
  const faults = numberOf(given.faults ?? (cluster ? String(CLUSTER_FAULTS.length) : '300'));
  return {
    seed: numberOf(given.seed),
    requests,
    workers: numberOf(given.workers),
    senders: numberOf(given.senders),
    longFaults: !short,
    removedGuard: removedGuard as Guard | undefined,
    limitMs: numberOf(given.minutes) * 60_000,
    recoveryMs: numberOf(given.recovery) * 1_000,
    client,
    cluster,
    ...(claims && { environmentOf: () => ({ MONGODB_SHARDED: 'true' }) }),
    queues,
    partitionHandling: handlingOf(given['partition-handling']),
    plan: (random) => {
      if (queues > 1) return queuesPlan(short ? 3 : faults);
      if (cluster) return clusterPlan(random, faults, only);
      if (short) return client ? shortClientPlan(random) : shortPlan(random);
      return (client ? clientPlan : plan)(random, faults, only);
    },
  };
}

async function main(interrupted: AbortSignal): Promise<number> {
  const given = options();
  if (given.help) {
    console.log(USAGE);
    return 0;
  }
  const settings = settingsOf(given);
  printProgress(`The seed of this run is ${settings.seed}.`);
  const record = await runChaos(settings, interrupted);
  printProgress('Judging the journal …');
  const violations = await violationsOf(record);
  console.log(writeReport(settings, record, violations));
  printProgress(`The journal, the workers' logs and this report are in ${record.folder}`);
  return violations.length === 0 ? 0 : 1;
}

await runCommand(main);
