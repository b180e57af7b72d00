const UNRELEASED = '## [Unreleased]';

/**
 * The changelog with the unreleased changes under the version and its date. Throws where there are
 * none.
 */
export function releasedChangelog(text: string, version: string, date: string): string {
  const start = text.indexOf(`${UNRELEASED}\n`);
  if (start === -1) throw new Error(`CHANGELOG.md has no heading ${UNRELEASED}`);
  const after = text.slice(start + UNRELEASED.length);
  const [changes = ''] = after.split(/^## /m, 1);
  if (!/^- /m.test(changes)) throw new Error(`CHANGELOG.md lists nothing under ${UNRELEASED}`);
  return `${text.slice(0, start)}${UNRELEASED}\n\n## [${version}] - ${date}${after}`;
}

/** Compares versions `1.2.3`; throws where one is none. */
export function isLater(version: string, than: string): boolean {
  const [a, b] = [partsOf(version), partsOf(than)];
  const at = a.findIndex((part, index) => part !== b[index]);
  return at !== -1 && (a[at] ?? 0) > (b[at] ?? 0);
}

function partsOf(version: string): readonly number[] {
  if (!/^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}$/.test(version)) throw new Error(`${version} is no version like 1.2.3`);
  return version.split('.').map(Number);
}
