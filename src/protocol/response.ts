import type { HEADERS } from './catalogue.ts';
import { listedFaults, type Fault } from './fault.ts';

/**
 * An element to encode: text, or child elements. Its name comes from the code, never from a
 * request.
 */
export interface ResponseElement {
  readonly name: string;
  readonly content: string | readonly ResponseElement[];
}

/** The headers that an answer may have. */
type ResponseHeader = (typeof HEADERS)[
  'status' | 'repeated' | 'page' | 'perPage' | 'hasMore' | 'traceparent' | 'tracestate'];

export type ResponseHeaders = Readonly<Partial<Record<ResponseHeader, string | number | boolean>>>;

/** Elements that were encoded before the rest of their answer. */
export interface EncodedContent {
  readonly encoded: readonly Buffer[];
}

/**
 * Encodes each row as an element `name` that holds an element for each column, in this order. Leaves
 * out a row with a text that XML forbids, and calls `illegal` with its index. Names come from the
 * code.
 */
export type EncodeRows = <Column extends string>(
  format: { readonly name: string; readonly columns: readonly Column[] },
  rows: readonly Readonly<Record<Column, string | number>>[],
  illegal: (at: number) => void,
) => Buffer;

export interface OkResponse {
  readonly status: 'ok';
  readonly content: readonly ResponseElement[] | EncodedContent;
  readonly headers?: ResponseHeaders;
}

export interface FailResponse {
  readonly status: 'fail';
  /** At least one. */
  readonly faults: readonly Fault[];
}

/** An answer before it is encoded as XML. */
export type ResponseEnvelope = OkResponse | FailResponse;

export function ok(content: OkResponse['content'] = [], headers?: ResponseHeaders): OkResponse {
  return headers === undefined ? { status: 'ok', content } : { status: 'ok', content, headers };
}

/** A failure. Of very many faults it lists the first, and their number. */
export function fail(...faults: readonly Fault[]): FailResponse {
  return { status: 'fail', faults: listedFaults(faults) };
}
