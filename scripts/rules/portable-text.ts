import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { projectFiles } from './project-files.ts';

interface TextRule {
  readonly name: string;
  readonly reason: string;
  readonly pattern: RegExp;
}

const TEXT_RULES: readonly TextRule[] = [
  {
    name: 'machine-path',
    reason: 'A path of one machine does not exist on another.',
    pattern: /(?<![\w.:@/~-])\/(?:work|root|home|Users)\/[\w.-]+|[A-Z]:\\Users\\/,
  },
  {
    name: 'registry-host',
    reason: 'Each machine configures its own package sources; the repository must not.',
    pattern:
      /https?:\/\/(?:[\w-]+[.-])*(?:registry|mirrors?|proxy|goproxy|artifactory|nexus|deb|npmjs|pypi)[.-][\w.-]+|(?<![\w.-])(?:registry|deb|security|ftp|proxy|mirrors?)\.[a-z\d-]+\.(?:org|com|net|io)\b/,
  },
];

const MEANINGLESS = /^(?:utils?|commons?|helpers?|types?|managers?|services?|misc|stuff)$/i;
const MAX_FILE_BYTES = 2_000_000;

/**
 * Returns texts that hold only on one machine, and file names without meaning; one problem per
 * place.
 */
export function portabilityProblems(root: string): string[] {
  const files = projectFiles(root);
  return [
    ...files.filter((path) => path.endsWith('.ts')).flatMap(nameProblems),
    ...files.flatMap((path) => textProblems(root, path)),
  ];
}

function nameProblems(path: string): string[] {
  const words = path.split(/[/.-]/);
  const word = words.find((part) => MEANINGLESS.test(part));
  if (word === undefined) return [];
  return [`meaningless-name: ${path}\n  "${word}" collects unrelated things; name the file after its subject.`];
}

function textProblems(root: string, path: string): string[] {
  const bytes = readFileSync(join(root, path));
  // Not text, or generated.
  if (bytes.length > MAX_FILE_BYTES || bytes.includes(0)) return [];
  return bytes
    .toString()
    .split('\n')
    .flatMap((line, index) =>
      TEXT_RULES.filter((rule) => rule.pattern.test(line)).map(
        (rule) => `${rule.name}: ${path}:${index + 1}\n  ${rule.reason}`,
      ),
    );
}
