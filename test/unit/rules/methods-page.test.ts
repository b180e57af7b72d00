import { expect, test } from 'vitest';

import { methodsPage, readMethodsPage } from '../../../scripts/rules/methods-page.ts';
import { readSchema } from '../../../src/schema.ts';

test('docs/api.md has the methods as the schema has them', () => {
  const page = readMethodsPage();
  expect(page).toBe(methodsPage(page));
  expect(page).toContain('| `contact.get` | contact_id | – | `<contact>` with contact_id, first_name, last_name,');
  expect(page).toContain('| `contact.delete` | contact_id | – | nothing |');
});

test('a field that the schema gains is in the table', () => {
  const xsd = readSchema('xsd').replace(
    '<xs:element name="per_page" type="PerPage" minOccurs="0"/>\n        </xs:all>',
    '<xs:element name="per_page" type="PerPage" minOccurs="0"/>\n<xs:element name="after" type="Id" minOccurs="0"/></xs:all>',
  );
  expect(methodsPage(readMethodsPage(), xsd)).toContain('| client_id, email, page, per_page, after |');
});

test('a page without marks is refused', () => {
  expect(() => methodsPage('# The API\n')).toThrow('marks');
});
