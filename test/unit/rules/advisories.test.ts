import { expect, test } from 'vitest';

import { adviceIn } from '../../../scripts/rules/advisories.ts';

const vulnerable = (severity: string): string =>
  JSON.stringify({ auditReportVersion: 2, vulnerabilities: { bad: { severity, range: '<2' } } });

test('a high advisory is a problem', () => {
  expect(adviceIn('advisories', vulnerable('high')).problems).toEqual(['bad <2: high']);
  expect(adviceIn('advisories', `npm warn something\n${vulnerable('critical')}`).problems).toHaveLength(1);
});

test('a moderate advisory, or none, is not', () => {
  expect(adviceIn('advisories', vulnerable('moderate'))).toEqual({ problems: [] });
  expect(adviceIn('advisories', '{"vulnerabilities":{}}')).toEqual({ problems: [] });
});

test('a signature that is not valid is a problem', () => {
  const output = '{"invalid":[{"name":"bad","version":"1.0.0"}],"missing":[]}';
  expect(adviceIn('signatures', output).problems).toEqual(['bad@1.0.0: the signature is not valid']);
  expect(adviceIn('signatures', '{"invalid":[],"missing":[]}')).toEqual({ problems: [] });
});

test.each(['', 'npm error', '{"message":"405 Method Not Allowed"}', '{"error":{"code":"ENOTFOUND"}}'])(
  'a registry that answers %j is a note, and no problem',
  (output) => {
    const { problems, note } = adviceIn('advisories', output);
    expect(problems).toEqual([]);
    expect(note).toContain('nothing was checked');
  },
);
