import { existsSync, readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { exactTypeOf, readExactXsd, readSchema, SCHEMA_FILES } from '../../../src/schema.ts';

const projectFile = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

test('the files are where the module says', () => {
  for (const path of Object.values(SCHEMA_FILES)) expect(existsSync(path), path).toBe(true);
  expect(readSchema('xsd')).toContain('<xs:schema');
  expect(readSchema('asyncapi')).toContain('asyncapi: 3.0.0');
});

describe('contacts.xsd bound to exact types', () => {
  test('only the named elements change', () => {
    const bound = readExactXsd({ request: exactTypeOf('contact.get', 'Request'), response: 'FailResponse' });
    expect(bound).toContain('<xs:element name="request" type="ContactGetRequest"/>');
    expect(bound).toContain('<xs:element name="response" type="FailResponse"/>');
    expect(readExactXsd({ request: 'ContactGetRequest' })).toContain(
      '<xs:element name="response" type="AnyResponse"/>',
    );
    expect(readExactXsd({})).toBe(readSchema('xsd'));
  });

  test('a type that is not there is refused', () => {
    expect(() => readExactXsd({ request: exactTypeOf('contact.merge', 'Request') })).toThrow('ContactMergeRequest');
  });
});

test('the package and the image hold the files', () => {
  expect(JSON.parse(projectFile('package.json'))).toMatchObject({
    files: expect.arrayContaining(['schema']) as unknown,
  });
  expect(projectFile('Dockerfile')).toContain('\nCOPY schema ./schema\n');
  expect(projectFile('.dockerignore').split('\n')).toContain('!schema');
});
