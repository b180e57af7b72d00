import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { ROOT } from '../../infrastructure/command.ts';
import { projectFiles } from '../../scripts/rules/project-files.ts';
import type { ComposeProject } from './compose-project.ts';

/** A copy of the repository in which a page's commands run, as on a reader's machine. */
export interface RepositoryCopy {
  readonly folder: string;
  /** The variables with which `docker compose` there works on the project. */
  environment(project: ComposeProject): Record<string, string | undefined>;
  remove(): void;
}

export function repositoryCopy(): RepositoryCopy {
  const folder = mkdtempSync(join(tmpdir(), 'contacts-copy-'));
  for (const path of projectFiles(ROOT)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(ROOT, path), join(folder, path));
  }
  return {
    folder,
    environment: (project) => {
      const env: Record<string, string | undefined> = { ...process.env, ...project.env, MONGODB_URL: '' };
      delete env['AMQP_URL'];
      delete env['REQUEST_QUEUE'];
      if (project.program === 'docker-compose') env['PATH'] = `${folderOfDocker(folder)}${delimiter}${env['PATH']}`;
      return env;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** `docker compose` where Compose is a program of its own. */
function folderOfDocker(copy: string): string {
  const folder = join(copy, '.cache/bin');
  mkdirSync(folder, { recursive: true });
  const compose = '[ "$1" = compose ] && shift && exec docker-compose "$@"';
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\nPATH=\${PATH#*:}\n${compose}\nexec docker "$@"\n`);
  chmodSync(join(folder, 'docker'), 0o755);
  return folder;
}
