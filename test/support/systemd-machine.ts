import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ensureBuiltImage } from '../../infrastructure/built-image.ts';
import { attempt, ROOT, run, type CommandResult } from '../../infrastructure/command.ts';
import { ensureDocker } from '../../infrastructure/docker.ts';
import { ensureImages } from '../../infrastructure/images.ts';
import { waitFor } from '../../infrastructure/progress.ts';

/** A container whose first process is systemd, with the worker in /opt/contacts-worker. */
export interface SystemdMachine {
  /** Runs shell commands until the first one fails, in a checkout's folder. */
  sh(commands: string, env?: Readonly<Record<string, string>>): Promise<CommandResult>;
  remove(): Promise<void>;
}

export async function startSystemdMachine(): Promise<SystemdMachine> {
  await ensureDocker();
  const { node } = await ensureImages('node');
  const image = await ensureBuiltImage('test/support/systemd', () => Promise.resolve(node), node);
  const folder = await builtWorker();
  const name = `contacts-systemd-${randomBytes(4).toString('hex')}`;
  // Mounts and user namespaces are systemd's work, in the container's own namespaces.
  const capabilities = ['--cap-add', 'SYS_ADMIN', '--cap-add', 'SYS_PTRACE'];
  const rights = [...capabilities, '--security-opt', 'seccomp=unconfined', '--security-opt', 'apparmor=unconfined'];
  const memory = ['--cgroupns', 'private', '--tmpfs', '/run', '--tmpfs', '/run/lock'];
  const mounted = {
    [folder]: '/opt/contacts-worker',
    [join(ROOT, 'node_modules')]: '/opt/contacts-worker/node_modules',
    [join(ROOT, 'deploy')]: '/checkout/deploy',
  };
  const mounts = Object.entries(mounted).flatMap(([host, path]) => ['-v', `${host}:${path}:ro`]);
  const sh = (commands: string, env: Readonly<Record<string, string>> = {}): Promise<CommandResult> => {
    const variables = Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
    const args = ['exec', '-w', '/checkout', ...variables, name, 'bash', '-e', '-c', commands];
    return attempt('docker', args, { limitMs: 120_000 });
  };
  const remove = async (): Promise<void> => {
    await attempt('docker', ['rm', '-f', '-v', name], { cleanup: true });
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await run('docker', ['run', '-d', '--name', name, ...rights, ...memory, ...mounts, image]);
    await waitFor('systemd', 60_000, async () =>
      (await sh('systemctl is-system-running')).stdout.trim() === 'running' ? true : undefined,
    );
  } catch (error) {
    await remove();
    throw error;
  }
  return { sh, remove };
}

/** Returns a folder with what the worker runs from, but its packages. */
async function builtWorker(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'contacts-systemd-'));
  for (const part of ['package.json', 'config', 'schema'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  await run('npm', ['run', 'build:modules', '--', '--outDir', join(folder, 'dist')]);
  await run('npm', ['run', 'build:worker', '--', '--dir', join(folder, 'dist')]);
  mkdirSync(join(folder, 'node_modules'));
  // The worker's user is another one.
  chmodSync(folder, 0o755);
  return folder;
}
