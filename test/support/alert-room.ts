import { delimiter, join } from 'node:path';

import { freePort } from '../../infrastructure/addresses.ts';
import { ensureDocker } from '../../infrastructure/docker.ts';
import { ensureImages } from '../../infrastructure/images.ts';
import { waitFor } from '../../infrastructure/progress.ts';
import { bash, folderOfContacts } from '../integration/producers/page-commands.ts';
import { commandsByAlert, HANDBOOK } from './alert-pages.ts';
import { composeProject, type ComposeProject } from './compose-project.ts';
import { query } from './prometheus.ts';
import { repositoryCopy } from './repository-copy.ts';
import { shortenTimes } from './time-lapse.ts';

const LIMIT_MS = 120_000;

type Labels = Readonly<Record<string, string>>;

/** Two workers, their servers, Prometheus and Alertmanager, in a copy of the repository. */
export interface AlertRoom {
  readonly project: ComposeProject;
  /** deploy/observability of the copy, as Prometheus reads it. */
  readonly observability: string;
  /** The alerts whose commands were executed while they fired. */
  readonly followed: ReadonlySet<string>;
  /** Runs a command in the copy; rejects where it fails. */
  sh(commands: string): Promise<string>;
  /** Repeats `cause` each second until all of these alerts fire; keeps the labels of each. */
  fire(names: readonly string[], cause?: () => unknown): Promise<void>;
  /**
   * Executes the commands of the alert's section, as a person whom the alert called. `reason`: that of
   * the alert, where several of one name fire.
   */
  follow(name: string, reason?: string): Promise<void>;
  /** What the alert was true of so far no longer counts. */
  forget(name: string): void;
  /** Resolves once none of these alerts is true any more. */
  silent(...names: readonly string[]): Promise<void>;
  /** Resolves with the names of all alerts that are true now. */
  active(): Promise<readonly string[]>;
  /** Resolves with the first value of a query; NaN where it has none. */
  value(expr: string): Promise<number>;
  remove(): Promise<void>;
}

/** Starts all of it, with Prometheus in time lapse. */
export async function alertRoom(): Promise<AlertRoom> {
  await ensureDocker();
  const { prometheus, alertmanager } = await ensureImages('prometheus', 'alertmanager');
  const [prometheusPort, alertmanagerPort] = [await freePort(), await freePort()];
  const project = await composeProject({
    PROMETHEUS_IMAGE: prometheus,
    ALERTMANAGER_IMAGE: alertmanager,
    PROMETHEUS_PORT: String(prometheusPort),
    ALERTMANAGER_PORT: String(alertmanagerPort),
    COMPOSE_PROFILES: 'observability',
  });
  const copy = repositoryCopy();
  const observability = join(copy.folder, 'deploy/observability');
  shortenTimes(observability);
  const url = `http://127.0.0.1:${prometheusPort}`;
  const environment: Record<string, string | undefined> = copy.environment(project);
  // Behind: the copy's own `docker` must be the first.
  environment['PATH'] = `${environment['PATH']}${delimiter}${folderOfContacts()}`;
  environment['AMQP_URL_FILE'] = join(project.env['SECRETS_FOLDER']!, 'operator_amqp_url');
  const sh = (commands: string, labels: Labels = {}): Promise<string> =>
    run(commands, copy.folder, environment, labels);
  const fired: { readonly labels: Labels; readonly at: number }[] = [];
  /** Seconds since the epoch, by the names of alerts whose earlier firings do not count. */
  const since = new Map<string, number>();
  const followed = new Set<string>();
  const look = async (): Promise<void> => {
    // In time lapse an alert may fire and end while the commands of another run.
    const lastFired = 'max_over_time(timestamp(ALERTS{alertstate="firing"})[2m:1s])';
    const { samples } = await query(url, lastFired).catch(() => ({ samples: [] }));
    fired.push(...samples.map(({ metric, value }) => ({ labels: metric, at: value })));
  };
  /** The labels of such an alert, where one has fired. */
  const firedAlert = (name: string, reason?: string): Labels | undefined =>
    fired.findLast(
      ({ labels, at }) =>
        labels['alertname'] === name &&
        (reason === undefined || labels['reason'] === reason) &&
        at >= (since.get(name) ?? 0),
    )?.labels;
  const active = async (): Promise<readonly string[]> => {
    const { samples, problems } = await query(url, 'ALERTS').catch((error: unknown) => ({
      samples: [],
      problems: [String(error)],
    }));
    return [...samples.map(({ metric }) => metric['alertname']!), ...problems];
  };
  return {
    project,
    observability,
    followed,
    sh,
    active,
    forget: (name) => void since.set(name, Date.now() / 1000),
    fire: (names, cause) =>
      waitFor(`${names.join(', ')} fire`, LIMIT_MS, async () => {
        await cause?.();
        await look();
        return names.every((name) => firedAlert(name) !== undefined) ? (true as const) : undefined;
      }).then(() => undefined),
    follow: async (name, reason) => {
      const commands = commandsByAlert(HANDBOOK).get(name);
      if (commands === undefined) throw new Error(`${name} has no commands`);
      const labels = await waitFor(`${name} fires`, LIMIT_MS, async () => {
        await look();
        return firedAlert(name, reason);
      });
      await sh(commands, labels);
      followed.add(name);
    },
    silent: (...names) =>
      waitFor(`${names.join(', ')} end`, LIMIT_MS, async () =>
        (await active()).some((name) => names.includes(name) || !name.startsWith('Contacts'))
          ? undefined
          : (true as const),
      ).then(() => undefined),
    value: async (expr) => (await query(url, expr)).samples[0]?.value ?? Number.NaN,
    remove: async () => {
      await project.remove();
      copy.remove();
    },
  };
}

/** The alert's labels are variables, in capitals. */
async function run(
  commands: string,
  cwd: string,
  environment: Readonly<Record<string, string | undefined>>,
  labels: Labels,
): Promise<string> {
  const variables = Object.entries(labels).map(([name, value]) => [name.toUpperCase(), value] as const);
  const env = { ...environment, ...Object.fromEntries(variables) };
  const { code, out, err } = await bash(commands, { cwd, env, limitMs: LIMIT_MS });
  if (code !== 0) throw new Error(`exit code ${code} of\n${commands}\n${out}\n${err}`);
  return out;
}
