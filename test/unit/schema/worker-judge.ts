import { decode } from '../../../src/codec/decode.ts';
import { METHODS } from '../../support/schema-judge.ts';
import { methodNamed } from '../methods/request-elements.ts';

const methods = new Map(METHODS.map((name) => [name as string, methodNamed(name)]));

/**
 * Whether the worker executes the request: it can be decoded, names a method, and its fields are
 * right.
 */
export function isAcceptedByWorker(xml: Uint8Array): boolean {
  const decoded = decode(xml);
  return decoded.ok && methods.get(decoded.request.method)?.read(decoded.request.body).valid === true;
}
