// npm run demo [-- --keep | --stop]: the five methods on real servers, from nothing.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openProducer, type Producer } from './demo/producer.ts';
import { findEndpoints, release, type CreatedResources, type Endpoints } from './demo/endpoints.ts';
import { steps } from './demo/steps.ts';
import { bad, bold, dim, good, show, showDocument } from './demo/view.ts';
import { startWorker, WORKER_LOG, type DemoWorker } from './demo/worker.ts';
import { freePort } from '../infrastructure/addresses.ts';
import { terminateCommands, ROOT } from '../infrastructure/command.ts';
import { UserFacingError, printProgress } from '../infrastructure/progress.ts';

const KEPT = join(ROOT, '.cache/demo-kept.json');
const USAGE = `npm run demo              shows the five methods and leaves nothing running
npm run demo -- --keep    keeps broker, database and worker running
npm run demo -- --stop    stops what --keep kept`;

interface Kept {
  readonly pid: number;
  readonly created: CreatedResources;
  readonly endpoints: Endpoints;
}

const created: CreatedResources = { docker: { startedHere: false }, containers: [], queues: [], dropDatabase: false };
let endpoints: Endpoints | undefined;
let worker: DemoWorker | undefined;

async function runSteps(producer: Producer): Promise<void> {
  let contactId = '';
  for (const [index, step] of steps.entries()) {
    const xml = step.xml(contactId);
    show();
    show(bold(`${index + 1}. ${step.title}`));
    showDocument(dim(`  request → message_id ${step.messageId}`), xml);
    const answer = await producer.request({ xml, messageId: step.messageId });
    const { status } = answer.headers;
    const headers = Object.entries(answer.headers).map(([name, value]) => `${name}=${String(value)}`);
    const mark = status === 'ok' ? good('ok') : bad('fail');
    showDocument(
      `${dim('  answer ←')} ${mark} ${dim(`${headers.join(' ')} (${answer.ms.toFixed(0)} ms)`)}`,
      answer.xml,
    );
    if (status !== step.expected) throw new UserFacingError(`Expected the status "${step.expected}".`);
    contactId = /<contact_id>(\d+)</.exec(answer.xml)?.[1] ?? contactId;
  }
}

async function present(): Promise<void> {
  endpoints = await findEndpoints(created);
  const { amqpUrl, mongodbUrl, queue } = endpoints;
  const settings = { AMQP_URL: amqpUrl, MONGODB_URL: mongodbUrl, REQUEST_QUEUE: queue };
  worker = await startWorker(settings, await freePort(8080));
  printProgress('The worker consumes requests. Documents are indented here; on the wire they are one line.');
  const producer = await openProducer(amqpUrl, queue);
  try {
    await runSteps(producer);
  } finally {
    await producer.close();
  }
  show();
  show(good('All five methods work.') + ` The worker's log, one line per request: ${WORKER_LOG}`);
}

async function cleanUp(): Promise<void> {
  const code = await worker?.stop();
  await release(created, endpoints);
  if (code !== undefined && code !== 0)
    throw new UserFacingError(`The worker exited with code ${code}; see ${WORKER_LOG}`);
}

function keep(): void {
  const kept: Kept = { pid: worker!.pid, created, endpoints: endpoints! };
  mkdirSync(dirname(KEPT), { recursive: true });
  writeFileSync(KEPT, JSON.stringify(kept), { mode: 0o600 });
  const { amqpUrl, managementUrl, mongodbUrl, queue } = kept.endpoints;
  show();
  show(bold('Still running'));
  show(`  request queue   ${queue} on ${amqpUrl}`);
  if (managementUrl !== undefined) show(`  management      ${managementUrl} (guest/guest)`);
  show(`  database        ${mongodbUrl}`);
  show(`  worker          ${worker!.httpUrl}/readyz and /metrics, log in ${WORKER_LOG}`);
  show(`Stop all of it: ${bold('npm run demo -- --stop')}`);
}

async function stopKept(): Promise<void> {
  if (!existsSync(KEPT)) {
    printProgress('Nothing is kept running.');
    return;
  }
  const kept = JSON.parse(readFileSync(KEPT, 'utf8')) as Kept;
  await endWorker(kept.pid);
  await release(kept.created, kept.endpoints);
  rmSync(KEPT);
  printProgress('Worker, broker and database of the demo are stopped and removed.');
}

/** Stops the worker by its process id, unless the id belongs to another process by now. */
async function endWorker(pid: number): Promise<void> {
  const runs = (): boolean =>
    existsSync(`/proc/${pid}`)
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('dist/main.js')
      : !existsSync('/proc') && alive(pid);
  if (!runs()) return;
  process.kill(pid, 'SIGTERM');
  while (runs()) await new Promise((resolve) => setTimeout(resolve, 100));
}

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function suggest(keeping: boolean): void {
  show();
  show('Next:');
  if (!keeping) show('  npm run demo -- --keep   keeps everything running, for requests of your own');
  show('  npm test                 every test, on real servers');
  show('  docs/lifecycle.md        the stages of a request; CONTRIBUTING.md: how to add a method');
}

function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        terminateCommands();
        reject(new UserFacingError(`Interrupted (${signal}); cleaning up.`));
      });
    }
  });
}

async function demo(keeping: boolean): Promise<number> {
  if (keeping) await stopKept();
  try {
    await Promise.race([present(), interruption()]);
    if (keeping) keep();
    else await cleanUp();
    suggest(keeping);
    return 0;
  } catch (error) {
    printProgress(bad(error instanceof UserFacingError ? error.message : String(error)));
    await cleanUp().catch((later: unknown) => printProgress(String(later)));
    return 1;
  }
}

async function main(args: readonly string[]): Promise<number> {
  const [option, ...others] = args;
  if (others.length > 0 || !['--keep', '--stop', undefined].includes(option)) {
    show(USAGE);
    return option === '--help' ? 0 : 2;
  }
  if (option !== '--stop') return demo(option === '--keep');
  await stopKept();
  return 0;
}

process.exit(await main(process.argv.slice(2)));
