import { CommandError } from '../errors.ts';
import { failureOf } from '../failure.ts';
import type { BrokerInspection, DatabaseState } from '../inspection.ts';
import { timeoutMsOf, reasonOf, withContacts } from '../session.ts';
import type { CommonOptions } from '../options.ts';
import type { CliEnvironment } from '../environment.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { clockFinding, workerClock } from './clock.ts';
import { failed, ok, skipped, type Finding } from './finding.ts';
import { queueChecks } from './queues.ts';

const PROBE = '<?xml version="1.0" encoding="UTF-8"?><request method="contact.list"><per_page>1</per_page></request>';
const MAX_TIMEOUT_MS = 10_000;

type Settings = Awaited<ReturnType<CliEnvironment['settings']>>;

/** Checks one thing after the other; a check whose ground is missing is left out. */
export async function* checks(around: CliEnvironment, options: CommonOptions): AsyncGenerator<Finding> {
  const timeoutMs = Math.min(timeoutMsOf(options), MAX_TIMEOUT_MS);
  let settings: Settings;
  try {
    settings = await around.settings(options);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    yield unusable('settings', error);
    return;
  }
  yield ok('settings', `${queueText(settings)}, ${settings.urls.map(placeOf).join(', ')}`);
  yield* brokerChecks(around, settings, options, timeoutMs);
  yield await databaseCheck(around, timeoutMs);
}

async function* brokerChecks(
  around: CliEnvironment,
  { urls, queue: name, queues: count }: Settings,
  options: CommonOptions,
  timeoutMs: number,
): AsyncGenerator<Finding> {
  let broker: BrokerInspection;
  try {
    broker = await around.inspectBroker(urls, timeoutMs);
  } catch (error) {
    yield brokerFailure(error);
    return;
  }
  try {
    yield ok('broker', 'reachable, and the login is accepted');
    if (!(yield* queueChecks(broker, { name, count }))) return;
  } finally {
    await broker.close();
  }
  yield* workerChecks(around, options, timeoutMs);
}

/** Node's codes for an unreachable host, and RabbitMQ's texts for a refused login. */
function brokerFailure(error: unknown): Finding {
  const reason = reasonOf(error);
  if (/ACCESS.REFUSED|403/.test(reason)) {
    return failed('broker', reason, 'check user and password in AMQP_URL, and the rights on its virtual host');
  }
  if (/vhost|530|NOT.ALLOWED/i.test(reason)) {
    return failed('broker', reason, 'check the virtual host behind the last / of AMQP_URL; the default is /');
  }
  if (/certificate|self.signed|SSL|TLS/i.test(reason)) {
    return failed('broker', reason, "name the authority's certificate, or check the host name in AMQP_URL");
  }
  return failed('broker', reason, 'check host and port in AMQP_URL, the firewall, and that the broker runs');
}

/** Sends what a producer sends, and changes nothing. */
async function* workerChecks(
  around: CliEnvironment,
  options: CommonOptions,
  timeoutMs: number,
): AsyncGenerator<Finding> {
  const findings: Finding[] = [];
  try {
    await withContacts(around, { ...options, timeout: timeoutMs / 1_000 }, async ({ contacts, call }) => {
      const start = performance.now();
      const { status } = await contacts.request(PROBE, call);
      const took = Math.round(performance.now() - start);
      findings.push(
        status === 'ok'
          ? ok('permissions', 'may publish requests and receive answers')
          : failed('worker', 'it refuses contact.list', "look at the worker's log"),
        ok('worker', `answers in ${took} ms`),
      );
      findings.push(clockFinding("the worker's clock", await workerClock(contacts, call)));
      return EXIT_CODES.ok;
    });
  } catch (error) {
    findings.push(workerFailure(error));
  }
  yield* findings;
}

function workerFailure(error: unknown): Finding {
  const { exitCode, problems } = failureOf(error);
  const words = problems.map(({ message }) => message).join('; ');
  if (/ACCESS.REFUSED|403/.test(words)) {
    return failed(
      'permissions',
      words,
      'grant write on the default exchange, and configure, write and read on amq.gen-.*',
    );
  }
  if (exitCode !== EXIT_CODES.noAnswer) return failed('permissions', words, 'try again');
  return failed('worker', words, "look at the worker's /readyz and log: does it reach the database?");
}

async function databaseCheck(around: CliEnvironment, timeoutMs: number): Promise<Finding> {
  let state: DatabaseState | undefined;
  try {
    state = await around.inspectDatabase(timeoutMs);
  } catch (error) {
    if (error instanceof CommandError) return unusable('database', error);
    return failed('database', reasonOf(error), 'check MONGODB_URL (host, user, password, authSource) and that it runs');
  }
  if (state === undefined) return skipped('database', 'not checked, as MONGODB_URL is not set');
  const { writable, missingRights, isPrepared, clock, contacts } = state;
  if (!writable) {
    const remedy = 'start it as a replica set; rs.status() shows its state';
    return failed('database', 'it is no primary of a replica set', remedy);
  }
  if (missingRights.length > 0) {
    const remedy = 'grant it the role of deploy/mongodb/worker-role.json';
    return failed('database', `the user may not ${missingRights.join(', ')}`, remedy);
  }
  const drift = clockFinding('database', clock);
  if (drift.state === 'failed') return drift;
  if (!isPrepared) return ok('database', 'reachable; a worker creates its collections, and the rights are not tried');
  return ok('database', `reachable and writable, about ${contacts} contacts`);
}

/** One line of the problems that the message lists. */
function unusable(check: string, { message }: CommandError): Finding {
  const [first = '', ...problems] = message.split('\n').map((line) => line.trim().replace(': ', ' '));
  const words = problems.length === 0 ? first : problems.join('; ');
  return failed(check, words, 'correct the setting; docs/configuration.md lists them');
}

function queueText({ queue, queues }: Settings): string {
  return queues === 1 ? `queue ${queue}` : `queues ${queue}.0 to ${queue}.${queues - 1}`;
}

/** Host and port: the rest of a URL may be secret. */
function placeOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'a broker';
}
