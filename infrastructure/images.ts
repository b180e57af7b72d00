// Public module of infrastructure/: the images of broker, database, Node, Prometheus and Alertmanager.
import { attempt, LOG_FOLDER } from './command.ts';
import { join } from 'node:path';
import { reasonNotToInstall } from './debian.ts';
import { UserFacingError, printProgress, step } from './progress.ts';
import { imagePresent } from './recipe.ts';
import { ensureStandins, standinName, type Component } from './standin.ts';

/** The default images. NODE_IMAGE is also the default in the Dockerfile; a test compares them. */
export const DEFAULT_IMAGES: Readonly<Record<Component, string>> = {
  rabbitmq: 'rabbitmq:4-management',
  mongo: 'mongo:8',
  node: 'node:26.10.0-trixie-slim',
  prometheus: 'prom/prometheus:v3.5.3',
  alertmanager: 'prom/alertmanager:v0.33.1',
};

const VARIABLES: Readonly<Record<Component, string>> = {
  rabbitmq: 'RABBITMQ_IMAGE',
  mongo: 'MONGO_IMAGE',
  node: 'NODE_IMAGE',
  prometheus: 'PROMETHEUS_IMAGE',
  alertmanager: 'ALERTMANAGER_IMAGE',
};

/**
 * Answers of a registry that is reachable and refuses the image; a stand-in would hide the real
 * problem.
 */
const REGISTRY_ANSWERED = /toomanyrequests|rate limit|manifest unknown|manifest for|access denied|no space left/i;

export type Images<Wanted extends Component> = Readonly<Record<Wanted, string>>;

/**
 * Returns an image for each component: the one that its variable (RABBITMQ_IMAGE and so on) names,
 * else the default one, pulled where it is missing. Only where no registry can be reached, it is a
 * stand-in built from Debian packages.
 */
export async function ensureImages<Wanted extends Component>(
  ...components: readonly Wanted[]
): Promise<Images<Wanted>> {
  const images: Partial<Record<Component, string>> = {};
  const missing: Component[] = [];
  for (const component of components) {
    const named = process.env[VARIABLES[component]];
    if (named !== undefined && named !== '') images[component] = named;
    else if (await imagePresent(DEFAULT_IMAGES[component])) images[component] = DEFAULT_IMAGES[component];
    else if (await imagePresent(standinName(component))) images[component] = standinName(component);
    else missing.push(component);
  }
  let refusal: string | undefined;
  const unreachable: Component[] = [];
  for (const component of missing) {
    refusal ??= await pull(DEFAULT_IMAGES[component]);
    if (refusal === undefined) images[component] = DEFAULT_IMAGES[component];
    else unreachable.push(component);
  }
  if (refusal !== undefined) await standIn(unreachable, refusal, images);
  return images as Images<Wanted>;
}

/** Pulls an image; returns what went wrong, or `undefined`. */
async function pull(image: string): Promise<string | undefined> {
  return step(`docker pull ${image}`, async () => {
    const log = join(LOG_FOLDER, 'pull.log');
    const outcome = await attempt('docker', ['pull', image], { log, firstOutputMs: 60_000, limitMs: 1_200_000 });
    if (outcome.code === 0) return undefined;
    const reason = outcome.timedOut ? 'the registry did not answer in time' : outcome.output.trim();
    return reason.split('\n').at(-1);
  });
}

async function standIn(
  components: readonly Component[],
  refusal: string,
  images: Partial<Record<Component, string>>,
): Promise<void> {
  const variables = components.map((component) => VARIABLES[component]).join(', ');
  const advice = `Set ${variables} to images that this machine has or can pull.`;
  if (REGISTRY_ANSWERED.test(refusal))
    throw new UserFacingError(`The images could not be pulled: ${refusal}\n${advice}`);
  const reason = reasonNotToInstall();
  if (reason !== undefined) {
    throw new UserFacingError(
      `No image registry can be reached (${refusal}), and no stand-ins are built, as ${reason}.\n${advice}`,
    );
  }
  printProgress(`No image registry can be reached: ${refusal}`);
  printProgress(
    `Stand-in images for ${components.join(', ')} are built from Debian's packages instead: once, in about three minutes.`,
  );
  for (const [component, name] of await ensureStandins(components)) images[component] = name;
}
