// Public module of infrastructure/: the Docker daemon and Compose.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, LOG_FOLDER, run } from './command.ts';
import { ensurePackages, reasonNotToInstall } from './debian.ts';
import { withLock } from './lock.ts';
import { UserFacingError, printProgress, step, waitFor } from './progress.ts';

const DAEMON_LOG = join(LOG_FOLDER, 'dockerd.log');
const PID_FILES = ['/var/run/docker.pid', '/var/run/docker/containerd/containerd.pid'];

export interface Docker {
  /** This run started the daemon. */
  readonly startedHere: boolean;
}

/** Whether a Docker daemon answers. */
export async function dockerAnswers(): Promise<boolean> {
  const info = await attempt('docker', ['info', '--format', '{{.ServerVersion}}'], { limitMs: 20_000 });
  // Some versions of the client exit with 0 although no server answered.
  return info.code === 0 && /^\d/.test(info.stdout.trim());
}

/**
 * Why there is no Docker here and none can be installed; `undefined` where a daemon answers or may
 * be installed.
 */
export async function reasonWithoutDocker(): Promise<string | undefined> {
  const reason = reasonNotToInstall();
  return reason === undefined || (await dockerAnswers()) ? undefined : reason;
}

/**
 * Ensures that a Docker daemon answers. Where none does, installs and starts one as root on Debian;
 * throws a UserFacingError anywhere else. Concurrent runs wait for each other.
 */
export async function ensureDocker(): Promise<Docker> {
  if (await dockerAnswers()) return { startedHere: false };
  return withLock('docker', async () => {
    if (await dockerAnswers()) return { startedHere: false };
    const reason = reasonNotToInstall();
    if (reason !== undefined || process.env['DOCKER_HOST'] !== undefined) {
      const why = reason ?? 'DOCKER_HOST names a daemon elsewhere';
      throw new UserFacingError(
        `No Docker daemon answers, and none is installed or started automatically, as ${why}.\n` +
          'Start Docker, or set AMQP_URL and MONGODB_URL to a running RabbitMQ and MongoDB.',
      );
    }
    printProgress('No Docker daemon answers; RabbitMQ and the database need containers.');
    await ensurePackages(['docker.io', 'iptables', 'ca-certificates'], 'to run containers');
    if (await dockerAnswers()) return { startedHere: false };
    await step('Starting the Docker daemon', startDaemon);
    return { startedHere: true };
  });
}

async function startDaemon(): Promise<void> {
  if (existsSync('/run/systemd/system')) {
    await run('systemctl', ['start', 'docker'], { limitMs: 120_000 });
  } else if (daemonPids().length === 0) {
    PID_FILES.filter(isStale).forEach((file) => rmSync(file));
    mkdirSync(LOG_FOLDER, { recursive: true });
    const log = openSync(DAEMON_LOG, 'w');
    const daemon = spawn('dockerd', [], { cwd: '/', detached: true, stdio: ['ignore', log, log] });
    daemon.on('error', () => undefined);
    daemon.unref();
  }
  await waitFor(`the Docker daemon (its log: ${DAEMON_LOG})`, 60_000, async () =>
    (await dockerAnswers()) ? true : undefined,
  );
}

/**
 * Returns the command line of Compose on this machine; installs `docker-compose` where there is
 * none.
 */
export async function ensureCompose(): Promise<readonly [program: string, ...args: string[]]> {
  if ((await attempt('docker', ['compose', 'version'])).code === 0) return ['docker', 'compose'];
  if ((await attempt('docker-compose', ['version'])).code !== 0) {
    await ensurePackages(['docker-compose'], 'to start docker-compose.yml');
  }
  return ['docker-compose'];
}

/** Installs openssl where it is missing: deploy/secrets.sh needs it, and the tests' certificates do. */
export async function ensureOpenssl(): Promise<void> {
  if ((await attempt('openssl', ['version'])).code !== 0) await ensurePackages(['openssl'], 'to make secrets');
}

function processName(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function daemonPids(): readonly string[] {
  return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && processName(entry) === 'dockerd');
}

/** Whether a killed daemon left this pid file: its process has ended, or is another program now. */
function isStale(file: string): boolean {
  if (!existsSync(file)) return false;
  const name = processName(readFileSync(file, 'utf8').trim());
  return name !== 'dockerd' && name !== 'containerd';
}

/**
 * Stops the daemon that this run started, unless containers run on it; then prints that it stays.
 */
export async function releaseDocker(docker: Docker): Promise<void> {
  if (!docker.startedHere) return;
  await withLock('docker', async () => {
    if ((await run('docker', ['ps', '-q'], { cleanup: true })) !== '') {
      printProgress('The Docker daemon keeps running, as it has other containers.');
      return;
    }
    await step('Stopping the Docker daemon that this run started', stopDaemon);
  });
}

async function stopDaemon(): Promise<void> {
  if (existsSync('/run/systemd/system')) {
    await run('systemctl', ['stop', 'docker.socket', 'docker'], { limitMs: 120_000, cleanup: true });
    return;
  }
  const pid = readFileSync(PID_FILES[0]!, 'utf8').trim();
  process.kill(Number(pid), 'SIGTERM');
  await waitFor('the Docker daemon to end', 60_000, async () => (processName(pid) === 'dockerd' ? undefined : true));
}
