import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { decode } from '../../../src/codec/decode.ts';
import { createRequest, elements, getRequest, jane, listRequest, request } from '../../support/documents.ts';
import { requestProblem, schemaProblem } from '../../support/schema-judge.ts';
import { runs } from '../codec/arbitraries.ts';
import { isAcceptedByWorker } from './worker-judge.ts';

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

interface Exception {
  readonly method: string;
  /** Documents that the schema accepts and the worker refuses. */
  readonly refused: readonly (string | Buffer)[];
  /** The nearest documents that both accept. */
  readonly accepted: readonly (string | Buffer)[];
}

/**
 * What XML Schema 1.0 cannot say, by its row in docs/schema.md. In each the schema accepts more
 * than the worker; it never refuses what the worker accepts.
 */
const EXCEPTIONS: Readonly<Record<string, Exception>> = {
  'Joiners in an e-mail address': {
    method: 'contact.create',
    refused: [createRequest({ ...jane, email: 'a\u200db@c.d' }), createRequest({ ...jane, email: 'a@b\u200cc.d' })],
    accepted: [
      createRequest({ ...jane, email: 'क्\u200dष@b.c' }),
      createRequest({ ...jane, email: 'می\u200cخواهم@b.c' }),
    ],
  },
  'Namespace declarations': {
    method: 'contact.get',
    refused: [
      getRequest(1).replace('<contact_id>', '<contact_id xmlns:a="urn:a">'),
      getRequest(1).replace('method', 'xmlns:a="urn:a" method'),
    ],
    accepted: [getRequest(1)],
  },
  'Attributes of XML Schema itself': {
    method: 'contact.get',
    refused: ['xsi:type="Id"', 'xsi:schemaLocation="a b"', 'xsi:noNamespaceSchemaLocation="contacts.xsd"'].map(
      (attribute) => getRequest(1).replace('<contact_id>', `<contact_id xmlns:xsi="${XSI}" ${attribute}>`),
    ),
    accepted: [getRequest(1)],
  },
  'A document type declaration': {
    method: 'contact.get',
    refused: [getRequest(1).replace('<request', '<!DOCTYPE request><request')],
    accepted: [getRequest(1)],
  },
  'Another version of XML': {
    method: 'contact.get',
    refused: [getRequest(1).replace('version="1.0"', 'version="1.1"')],
    accepted: [getRequest(1)],
  },
  'The encoding': {
    method: 'contact.create',
    refused: [Buffer.from(createRequest().replace('UTF-8', 'UTF-16LE'), 'utf16le')],
    accepted: [
      Buffer.from(`\uFEFF${createRequest().replace('UTF-8', 'UTF-16')}`, 'utf16le'),
      Buffer.from(createRequest({ ...jane, first_name: 'Zoë' }).replace('UTF-8', 'ISO-8859-1'), 'latin1'),
    ],
  },
};

function bytes(document: string | Buffer): Buffer {
  return Buffer.from(document);
}

describe('the schema accepts what the worker refuses', () => {
  test.each(Object.entries(EXCEPTIONS))('%s', (_, { method, refused, accepted }) => {
    for (const document of refused) {
      expect(requestProblem(bytes(document), method), String(document)).toBeUndefined();
      expect(isAcceptedByWorker(bytes(document)), String(document)).toBe(false);
    }
    for (const document of accepted) {
      expect(requestProblem(bytes(document), method), String(document)).toBeUndefined();
      expect(isAcceptedByWorker(bytes(document)), String(document)).toBe(true);
    }
  });

  test('joiners: every address that the worker accepts, the schema accepts', () => {
    const characters = fc.constantFrom(...'क्मابa-.', '\u200c', '\u200d', '\u0654');
    const part = fc.array(characters, { minLength: 1, maxLength: 8 }).map((some) => some.join(''));
    // The greatest length of a label, to which joiners do not count.
    const long = part.map((some) => `${'क्\u200d'.repeat(30)}${some}`);
    let accepted = 0;
    const property = fc.property(fc.oneof(part, long), fc.oneof(part, long), (local, host) => {
      const xml = bytes(createRequest({ ...jane, email: `${local}@${host}` }));
      if (!isAcceptedByWorker(xml)) return;
      accepted += 1;
      expect(requestProblem(xml, 'contact.create')).toBeUndefined();
    });
    fc.assert(property, { numRuns: runs(3000) });
    expect(accepted).toBeGreaterThan(0);
  });

  test('The size of the document', () => {
    const document = bytes(getRequest(1).replace('</request>', `${' '.repeat(65_536)}</request>`));
    expect(requestProblem(document, 'contact.get')).toBeUndefined();
    expect(decode(document, { maxBytes: 65_536 })).toMatchObject({ ok: false, fault: { code: 'REQUEST_TOO_LARGE' } });
  });

  test('The body that belongs to a method', () => {
    // Only the general type: the exact types know it.
    const documents = [
      request('contact.get', elements({ client_id: 1 })),
      request('contact.create', `<contact>${elements({ phone: '1' })}</contact>`),
      request('contact.update', elements({ contact_id: 1 })),
    ];
    for (const document of documents) {
      const method = /method="([^"]*)"/.exec(document)?.[1] ?? '';
      expect(schemaProblem(bytes(document))).toBeUndefined();
      expect(requestProblem(bytes(document), method)).toBeDefined();
      expect(isAcceptedByWorker(bytes(document))).toBe(false);
    }
  });

  test('The size of a page', () => {
    // The schema states the default of LIST_MAX_PER_PAGE, which an operator may change.
    expect(requestProblem(bytes(listRequest({ per_page: 1000 })), 'contact.list')).toBeUndefined();
    expect(requestProblem(bytes(listRequest({ per_page: 1001 })), 'contact.list')).toBeDefined();
  });

  test('docs/schema.md lists them all', () => {
    const page = readFileSync(new URL('../../../docs/schema.md', import.meta.url), 'utf8');
    const [, section = ''] = page.split('## What the schema cannot say\n');
    const rows = [...(section.split(/^## /m)[0] ?? '').matchAll(/^\| ([A-Z][^|]*?) *\|/gm)].map(([, name]) => name);
    const tested = [
      ...Object.keys(EXCEPTIONS),
      'The size of the document',
      'The body that belongs to a method',
      'The size of a page',
    ];
    expect(rows).toEqual(tested);
  });
});
