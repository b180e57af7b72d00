import { expect, test } from 'vitest';

import { isLater, releasedChangelog } from '../../../scripts/release/changelog.ts';
import { publishedManifest } from '../../../scripts/release/published-manifest.ts';

test('a release dates the unreleased changes and opens an empty section', () => {
  const before = '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A\n\n## [1.0.0] - 2026-01-01\n\n- B\n';
  expect(releasedChangelog(before, '1.1.0', '2026-02-03')).toBe(
    '# Changelog\n\n## [Unreleased]\n\n## [1.1.0] - 2026-02-03\n\n### Added\n\n- A\n\n## [1.0.0] - 2026-01-01\n\n- B\n',
  );
});

test('a release without changes is refused', () => {
  expect(() => releasedChangelog('## [Unreleased]\n\n## [1.0.0]\n\n- B\n', '1.1.0', '')).toThrow(/lists nothing/);
  expect(() => releasedChangelog('## [1.0.0]\n', '1.1.0', '')).toThrow(/no heading/);
});

test('versions are compared by number', () => {
  expect(isLater('1.10.0', '1.9.9')).toBe(true);
  expect(isLater('1.9.9', '1.10.0')).toBe(false);
  expect(isLater('1.0.0', '1.0.0')).toBe(false);
  expect(() => isLater('1.0', '1.0.0')).toThrow(/no version/);
});

test('the published manifest lacks the fields that only the repository uses', () => {
  const manifest = { name: 'a', scripts: {}, devDependencies: {}, optionalDependencies: {}, dependencies: { b: '1' } };
  expect(publishedManifest(manifest)).toEqual({ name: 'a', dependencies: { b: '1' } });
});
