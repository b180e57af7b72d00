// npm run advisories: asks the registry for advisories and signatures; see SECURITY.md
import { attempt, ROOT } from '../infrastructure/command.ts';
import { adviceIn } from './rules/advisories.ts';

const LIMIT_MS = 60_000;
const QUESTIONS = [
  ['advisories', ['audit', '--json', '--omit', 'dev']],
  ['signatures', ['audit', 'signatures', '--json']],
] as const;

for (const [what, args] of QUESTIONS) {
  const { stdout } = await attempt('npm', [...args, '--fetch-retries', '1'], { cwd: ROOT, limitMs: LIMIT_MS });
  const { problems, note } = adviceIn(what, stdout);
  console.log(note ?? `${what}: ${problems.length === 0 ? 'no problem' : problems.join('\n')}`);
  if (problems.length > 0) process.exitCode = 1;
}
