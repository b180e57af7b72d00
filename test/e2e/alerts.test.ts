import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { run } from '../../infrastructure/command.ts';
import { commandsByAlert, firstCommands, HANDBOOK } from '../support/alert-pages.ts';
import { alertRoom, type AlertRoom } from '../support/alert-room.ts';
import { getRequest, listRequest } from '../support/documents.ts';
import { Requester } from '../support/requester.ts';

const QUEUE = 'contacts.requests';
const FOREIGN = 424_242;
/** More than the 0.5 s that the alerts allow a request. */
const SLOW_MS = 800;
/** `npm run alerts` takes the alerts of broker and monitoring, too: two minutes more. */
const isLong = process.env['LONG'] === '1';

let room: AlertRoom;
let requester: Requester;

beforeAll(async () => {
  room = await alertRoom();
  await room.sh('docker compose up -d --build --scale worker=2 worker prometheus alertmanager');
  const { project } = room;
  await Promise.all([project.healthy('worker', 2), project.healthy('prometheus', 1)]);
}, 600_000);

afterAll(() => room.remove(), 120_000);

beforeEach(async () => {
  requester = await Requester.open(room.project.amqpUrl, QUEUE);
  return () => requester.close();
});

const docker = (...args: readonly string[]): Promise<string> => run('docker', args, { limitMs: 120_000 });
const rabbitmqctl = (...args: readonly string[]): Promise<string> =>
  room.sh(`docker compose exec -T rabbitmq rabbitmqctl -q ${args.map((arg) => `'${arg}'`).join(' ')}`);

async function containers(service: string): Promise<readonly [string, ...string[]]> {
  const [first, ...others] = await room.project.containers(service);
  if (first === undefined) throw new Error(`no container of ${service}`);
  return [first, ...others];
}

/** Acts while the container stands still. */
async function whilePaused(container: string, act: () => Promise<unknown>): Promise<void> {
  await docker('pause', container);
  try {
    await act();
  } finally {
    await docker('unpause', container);
  }
}

async function follow(...names: readonly string[]): Promise<void> {
  for (const name of names) await room.follow(name);
}

/** Resolves with the number of requests that the workers hold. */
async function held(): Promise<number> {
  const listed = await rabbitmqctl('list_queues', 'name', 'messages_unacknowledged');
  return Number(/^contacts\.requests\t(\d+)/m.exec(listed)?.[1]);
}

/** Sends requests; returns how many. */
function get(count: number, options: Parameters<Requester['send']>[1] = {}): number {
  for (let sent = 0; sent < count; sent += 1) requester.send(getRequest(1), { replyTo: requester.replyTo, ...options });
  return count;
}

test('a foreign document, and producers with wrong reply addresses', async () => {
  const { project } = room;
  const login = `admin:${project.secret('mongodb_admin_password')}`;
  const place = `127.0.0.1:${project.env['MONGODB_PORT']}/contacts?authSource=admin&directConnection=true`;
  const client = await new MongoClient(`mongodb://${login}@${place}`).connect();
  try {
    const documents = client.db().collection<{ _id: number }>('contacts');
    await documents.insertOne({ _id: FOREIGN });
    const failures = [
      'ContactsForeignDocuments',
      'ContactsFailuresFast',
      'ContactsFailuresSlow',
      'ContactsInternalError',
    ];
    const letters = ['ContactsDeadLetterQueueFilled', 'ContactsDeadLetters'];
    await room.fire([...failures, ...letters, 'ContactsAnswersReturned'], () => {
      get(40);
      get(4, { replyTo: 'no-such-queue' });
      get(1, { replyTo: QUEUE });
      for (const xml of [getRequest(FOREIGN), listRequest()]) {
        requester.send(xml, { replyTo: requester.replyTo, messageId: randomUUID() });
      }
    });
    expect(await room.sh(firstCommands(HANDBOOK))).toContain('contacts.requests.dead');
    await follow('ContactsForeignDocuments', 'ContactsFailuresFast', 'ContactsFailuresSlow', 'ContactsAnswersReturned');
    // What the page asks a person to do.
    await documents.deleteOne({ _id: FOREIGN });
    await follow('ContactsDeadLetterQueueFilled', 'ContactsInternalError');
    // The letters of the other reason were sent back just now.
    await room.follow('ContactsDeadLetters', 'REPLY_TO_OWN_QUEUE');
  } finally {
    await client.close();
  }
  await room.silent('ContactsDeadLetterQueueFilled');
});

test('a dead-letter queue that a policy keeps small', async () => {
  const definition = JSON.stringify({ 'max-length': 1, overflow: 'reject-publish' });
  await rabbitmqctl('set_policy', 'small', String.raw`[.]dead$`, definition, '--apply-to', 'queues');
  await room.fire(['ContactsDeadLetterRefused'], () => get(1, { replyTo: QUEUE }));
  await follow('ContactsDeadLetterRefused');
  // Those that were held follow by themselves.
  const left = (): Promise<string> => rabbitmqctl('list_queues', 'name', 'messages');
  await expect.poll(left, { timeout: 60_000 }).toContain(`${QUEUE}\t0`);
  await room.sh('contacts dead-letters discard --all --yes');
});

test('a database that has ended, and requests that wait for it', async () => {
  const [database] = await containers('mongodb');
  await docker('kill', database);
  let sent = get(4, { timestamp: Math.floor(Date.now() / 1000) - 600 });
  const waiting = ['ContactsOldestRequest', 'ContactsQueueGrowing', 'ContactsQueueWait'];
  await room.fire(['ContactsDatabaseUnavailable', 'ContactsNotReady', ...waiting], () => {
    if (sent < 4000) sent += get(200);
  });
  await follow('ContactsNotReady', 'ContactsOldestRequest', 'ContactsQueueGrowing', 'ContactsDatabaseUnavailable');
  // Whether the requests that waited count as slow depends on the machine; these do on each.
  await room.fire(['ContactsLatencyFast', 'ContactsLatencySlow'], () =>
    whilePaused(database, async () => {
      sent += get(200);
      await expect.poll(held, { timeout: 60_000 }).toBeGreaterThan(0);
      await setTimeout(SLOW_MS);
    }),
  );
  await expect.poll(() => requester.answers.length, { timeout: 60_000 }).toBe(sent);
  // A paused container counts as unhealthy until its next check, and compose starts nothing that needs it.
  await room.project.healthy('mongodb', 1);
  await follow('ContactsLatencyFast', 'ContactsLatencySlow', 'ContactsQueueWait');
  await room.silent('ContactsDatabaseUnavailable', 'ContactsNotReady', ...waiting);
  await room.sh('docker compose up -d --no-recreate --scale worker=2 worker');
});

test('workers that are killed with requests in flight', async () => {
  const [database] = await containers('mongodb');
  await whilePaused(database, async () => {
    get(200);
    await expect.poll(held, { timeout: 60_000 }).toBe(200);
    await docker('kill', ...(await containers('worker')));
  });
  await room.fire(['ContactsNoWorker', 'ContactsQueueUnconsumed']);
  await follow('ContactsNoWorker', 'ContactsQueueUnconsumed');
  await room.silent('ContactsNoWorker', 'ContactsQueueUnconsumed');
});

test('one worker of several: frozen, restarted often, without a login', async () => {
  const [first] = await containers('worker');
  // It may have been true of the workers that were killed.
  await room.silent('ContactsWorkerDown');
  room.forget('ContactsWorkerDown');
  await docker('pause', first);
  await room.fire(['ContactsWorkerDown']);
  await follow('ContactsWorkerDown');
  await room.silent('ContactsWorkerDown');

  const started = async (): Promise<number> => room.value('sum(process_start_time_seconds{job="contacts-worker"})');
  await room.fire(['ContactsWorkerRestarts'], async () => {
    const before = await started();
    await docker('restart', '-t', '0', first);
    // Prometheus must see each of them.
    await expect.poll(started, { timeout: 60_000 }).toBeGreaterThan(before);
  });
  await follow('ContactsWorkerRestarts');

  const wrong = 'amqp://contacts-worker:wrong@rabbitmq:5672';
  await room.sh(`docker compose run -d --no-deps --use-aliases -e AMQP_URL_FILE= -e AMQP_URL=${wrong} worker`);
  await room.fire(['ContactsWorkerNotReady']);
  await follow('ContactsWorkerNotReady');
  await room.silent('ContactsWorkerNotReady');
});

test.runIf(isLong)('the broker: connections that break, a full disk, an end', async () => {
  const [[broker], [database]] = [await containers('rabbitmq'), await containers('mongodb')];
  /** Acts while requests are in flight. */
  const inFlight = (count: number, act: () => Promise<unknown>): Promise<void> =>
    whilePaused(database, () => {
      get(count);
      return act();
    });
  const close = `rabbit_networking:close_all_user_connections(<<"contacts-worker">>, <<"test">>)`;
  const closeOften = `[begin ${close}, timer:sleep(1000) end || _ <- lists:seq(1, 12)].`;
  await room.fire(['ContactsReconnects', 'ContactsCautious', 'ContactsRedeliveries'], () =>
    inFlight(5, () => docker('exec', broker, 'rabbitmqctl', '-q', 'eval', closeOften)),
  );
  // Answers end the caution.
  get(300);
  await follow('ContactsReconnects', 'ContactsRedeliveries', 'ContactsCautious');

  await inFlight(50, () => rabbitmqctl('set_disk_free_limit', '1000GB'));
  await room.fire(['ContactsBrokerAlarm', 'ContactsIntakeHeld', 'ContactsBrokerDiskLow']);
  await follow('ContactsIntakeHeld', 'ContactsBrokerDiskLow', 'ContactsBrokerAlarm');
  await room.silent('ContactsBrokerAlarm', 'ContactsIntakeHeld', 'ContactsBrokerDiskLow');
  await requester.close();

  await docker('kill', broker);
  await room.fire(['ContactsBrokerDown']);
  await follow('ContactsBrokerDown');
  await room.silent('ContactsBrokerDown');
  requester = await Requester.open(room.project.amqpUrl, QUEUE);
  expect((await requester.request(getRequest(1))).xml).toContain('NOT_FOUND');
});

test.runIf(isLong)('the monitoring itself: a wrong rule, a wrong configuration, an end of Alertmanager', async () => {
  await room.fire(['ContactsWatchdog']);
  await follow('ContactsWatchdog');
  /** Damages a file until the alert fires, and corrects it as the page asks a person to do. */
  const damaged = async (file: string, change: (text: string) => string, alert: string): Promise<void> => {
    const path = join(room.observability, file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, change(text));
    await room.sh('docker compose kill -s HUP prometheus');
    await room.fire([alert]);
    writeFileSync(path, text);
    await follow(alert);
    await room.silent(alert);
  };
  // A new alert, of the wrong rule, makes Prometheus call the Alertmanager that has ended.
  await docker('kill', ...(await containers('alertmanager')));
  const duplicate = `label_replace(up, "job", "one", "", "") + on (job) group_left () label_replace(up, "job", "one", "", "")`;
  const rule = `      - record: contacts:planted\n        expr: '${duplicate}'\n`;
  const planted = (text: string): string => text.replace('    rules:\n', `    rules:\n${rule}`);
  await Promise.all([
    damaged('rules/servers.yml', planted, 'ContactsRulesFail'),
    room.fire(['ContactsAlertsUndelivered']),
  ]);
  await follow('ContactsAlertsUndelivered');
  await damaged('prometheus.yml', (text) => `${text}\nwrong: true\n`, 'ContactsMonitoringConfig');
  expect(room.followed).toContain('ContactsMonitoringConfig');
});

test.runIf(isLong)('in the end the commands of every section were executed, and only the watchdog fires', async () => {
  expect([...room.followed].toSorted()).toEqual([...commandsByAlert(HANDBOOK).keys()].toSorted());
  await expect.poll(() => room.active(), { timeout: 120_000 }).toEqual(['ContactsWatchdog']);
});
