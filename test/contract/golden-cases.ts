import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ResponseHeaders } from '../../src/protocol/response.ts';

/**
 * One golden pair: `request.xml` and the bytes that answer it, `response.xml`; `case.json` where it
 * needs more.
 */
export interface GoldenCase {
  /**
   * Folder and case, e.g. `contact.get/example`; the request's message id, too, where it has no
   * other.
   */
  readonly name: string;
  readonly request: Buffer;
  readonly response: Buffer;
  /** Cases whose requests are executed before, in this order; each must succeed. */
  readonly before: readonly string[];
  readonly messageId: string;
  /** The answer's headers beside `status`. */
  readonly headers: ResponseHeaders;
}

const ROOT = import.meta.dirname;

/** All cases, by name. */
export function goldenCases(): ReadonlyMap<string, GoldenCase> {
  const names = foldersIn(ROOT).flatMap((folder) => foldersIn(join(ROOT, folder)).map((one) => `${folder}/${one}`));
  return new Map(names.map((name) => [name, readCase(name)]));
}

function readCase(name: string): GoldenCase {
  const file = (leaf: string): string => join(ROOT, name, leaf);
  const more = existsSync(file('case.json')) ? (JSON.parse(readFileSync(file('case.json'), 'utf8')) as object) : {};
  return {
    name,
    request: readFileSync(file('request.xml')),
    response: readFileSync(file('response.xml')),
    before: [],
    messageId: name,
    headers: {},
    ...more,
  };
}

function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
