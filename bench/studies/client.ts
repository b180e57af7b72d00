import { Random } from '../../chaos/random.ts';
import { printProgress } from '../../infrastructure/progress.ts';
import { ContactsClient } from '../../src/client/index.ts';
import type { ClientRun } from '../figures.ts';
import { CLIENTS, NEW_CLIENTS, PER_PAGE, person } from '../load/requests.ts';
import type { Testbed, Deployment } from '../infrastructure/testbed.ts';
import { DEFAULT_IN_FLIGHT } from './throughput.ts';

const WARM_UP_S = 2;
const REPLY_QUEUE = 'bench.client-replies';
const WORKLOADS = ['create', 'get', 'update', 'list'] as const;

/** One call after another, of one workload. */
type Caller = () => Promise<unknown>;

/**
 * The client library against the raw producer of the other studies, which neither confirms nor
 * reads XML.
 */
export async function client(testbed: Testbed): Promise<readonly ClientRun[]> {
  const deployment = testbed.deployment('worker');
  const { amqpUrl: url } = testbed.endpoints;
  const { queue } = deployment;
  const direct = await ContactsClient.connect({ url, queue, appId: 'bench' });
  const named = await ContactsClient.connect({ url, queue, appId: 'bench', replyQueue: REPLY_QUEUE });
  const runs: ClientRun[] = [];
  try {
    for (let round = 1; round <= testbed.settings.rounds; round += 1) {
      for (const workload of WORKLOADS) {
        const measures = [
          async () => (await testbed.workload(deployment, workload, { inFlight: DEFAULT_IN_FLIGHT, round })).perSecond,
          () => rate(testbed, callsOf(direct, deployment, round)[workload]),
          () => rate(testbed, callsOf(named, deployment, round)[workload]),
        ];
        const rates: number[] = [];
        for (let i = 0; i < measures.length; i += 1) {
          const turn = (i + round) % measures.length;
          rates[turn] = await measures[turn]!();
        }
        const [rawPerSecond = 0, directPerSecond = 0, namedPerSecond = 0] = rates;
        runs.push({ workload, round, rawPerSecond, directPerSecond, namedPerSecond });
        const shown = rates.map((perSecond) => perSecond.toFixed(0)).join(', ');
        printProgress(
          `round ${round}  ${workload}  raw producer, client, client with a named reply queue: ${shown} a second`,
        );
      }
    }
  } finally {
    await Promise.all([direct.close(), named.close()]);
    await testbed.producer.removeQueue(REPLY_QUEUE);
  }
  return runs;
}

function callsOf(
  contacts: ContactsClient,
  { contacts: seeded }: Deployment,
  round: number,
): Readonly<Record<(typeof WORKLOADS)[number], Caller>> {
  const random = new Random(round);
  const anyContact = (): number => random.between(1, seeded.size);
  const newPerson = (): { firstName: string; lastName: string; email: string; phone: string; mobilePhone: string } => {
    const { first_name, last_name, email, phone, mobile_phone } = person(seeded.number(), random);
    return { firstName: first_name, lastName: last_name, email, phone, mobilePhone: mobile_phone };
  };
  const clientId = (): number => random.between(NEW_CLIENTS.first, NEW_CLIENTS.last);
  return {
    create: () => contacts.create({ clientId: clientId(), ...newPerson() }),
    get: () => contacts.get(anyContact()),
    update: () => {
      const { firstName, lastName, phone } = newPerson();
      return contacts.update(anyContact(), { firstName, lastName, phone });
    },
    list: () => contacts.list({ clientId: random.between(1, CLIENTS), page: random.between(1, 8), perPage: PER_PAGE }),
  };
}

/** Calls a second, with as many under way as the raw producer has. */
async function rate(testbed: Testbed, call: Caller): Promise<number> {
  const from = performance.now() + WARM_UP_S * 1_000;
  const until = from + testbed.settings.seconds * 1_000;
  let ended = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() < until) {
      await call();
      const now = performance.now();
      if (now >= from && now < until) ended += 1;
    }
  };
  await Promise.all(Array.from({ length: DEFAULT_IN_FLIGHT }, loop));
  return ended / testbed.settings.seconds;
}
