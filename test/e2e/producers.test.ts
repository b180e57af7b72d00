import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { ROOT } from '../../infrastructure/command.ts';
import { projectFiles } from '../../scripts/rules/project-files.ts';
import { patternOf, runSteps, stepsOf } from '../integration/producers/page-session.ts';
import { composeProject, type ComposeProject } from '../support/compose-project.ts';

const LIMIT_MS = 580_000;
const AMQP_PORT = /\b5672\b/g;

let project: ComposeProject;
const copy = mkdtempSync(join(tmpdir(), 'contacts-tutorial-'));

beforeAll(async () => {
  project = await composeProject();
  for (const path of projectFiles(ROOT)) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(ROOT, path), join(copy, path));
  }
}, 300_000);

afterAll(async () => {
  await project.remove();
  rmSync(copy, { recursive: true, force: true });
}, 120_000);

/** `docker compose` where Compose is a program of its own. */
function folderOfDocker(): string {
  const folder = join(copy, '.cache/bin');
  mkdirSync(folder, { recursive: true });
  const compose = '[ "$1" = compose ] && shift && exec docker-compose "$@"';
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\nPATH=\${PATH#*:}\n${compose}\nexec docker "$@"\n`);
  chmodSync(join(folder, 'docker'), 0o755);
  return folder;
}

test('the tutorial, from nothing: every command, and what the page shows of it', { timeout: 600_000 }, async () => {
  const port = new URL(project.amqpUrl).port;
  const env: Record<string, string | undefined> = { ...process.env, ...project.env, MONGODB_URL: '' };
  delete env['AMQP_URL'];
  delete env['REQUEST_QUEUE'];
  if (project.program === 'docker-compose') env['PATH'] = `${folderOfDocker()}${delimiter}${env['PATH']}`;
  // The port of the page may be in use here.
  const steps = stepsOf(new URL('../../docs/tutorial.md', import.meta.url)).map((step) => ({
    ...step,
    commands: step.commands.replaceAll(AMQP_PORT, port),
  }));
  const results = await runSteps(steps, { cwd: copy, env, limitMs: LIMIT_MS });
  for (const { step, output } of results) {
    const place = `docs/tutorial.md:${step.line}\n${results.map((result) => result.output).join('\n')}`;
    expect(output, place).toBeDefined();
    if (step.shown !== undefined) expect(output?.trim(), place).toMatch(patternOf(step.shown));
  }
});
