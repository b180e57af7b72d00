import { fault } from '../protocol/fault.ts';
import type { Fault } from '../protocol/fault.ts';
import type { RequestEnvelope, XmlElement } from '../protocol/request.ts';
import { isBlank, oddCharacterIn, trimmed } from '../protocol/characters.ts';
import { namespaceHint, quotedAttributes } from '../protocol/quoted-name.ts';
import { parseDocument } from './document.ts';

/** A request, or the fault to answer; with `method` if the document names one. */
export type Decoded =
  | { readonly ok: true; readonly request: RequestEnvelope }
  | { readonly ok: false; readonly fault: Fault; readonly method?: string };

export interface DecodeOptions {
  /** A longer body is rejected unread (REQUEST_TOO_LARGE). Default: no limit. */
  readonly maxBytes?: number;
  /** The body's size, where `body` is only the start of one that is longer than `maxBytes`. */
  readonly size?: number | undefined;
  /** The message's property; used only to explain why a body cannot be read. */
  readonly contentEncoding?: string | undefined;
}

/**
 * Decodes a request's bytes. Pure; never throws for any input of a sender. Does not check the
 * method or its fields. Faults: REQUEST_TOO_LARGE, UNSUPPORTED_ENCODING, MALFORMED_XML,
 * INVALID_REQUEST.
 */
export function decode(body: Uint8Array, options: DecodeOptions = {}): Decoded {
  const { maxBytes = Infinity, size = body.length } = options;
  if (size > maxBytes) {
    const message = `the request has ${size} bytes; at most ${maxBytes} are read`;
    return { ok: false, fault: fault('REQUEST_TOO_LARGE', message) };
  }
  const parsed = parseDocument(body, options.contentEncoding);
  return parsed.ok ? readEnvelope(parsed.root) : parsed;
}

function readEnvelope(root: XmlElement): Decoded {
  if (root.name !== 'request') return invalid(`the root element must be <request>${nameHint(root.name)}`);
  const named = root.attributes.find(([name]) => name === 'method');
  if (named === undefined) return invalid(`<request> has no attribute method${otherAttributesHint(root)}`);
  const method = trimmed(named[1]);
  if (method === '') return invalid('the attribute method of <request> is empty');
  if (root.attributes.length > 1) {
    const others = quotedAttributes(root.attributes.filter((attribute) => attribute !== named));
    return invalid(`<request> has attributes other than method: ${others}`, method);
  }
  if (!isBlank(root.text)) {
    const odd = oddCharacterIn(trimmed(root.text).slice(0, 1));
    const hint = odd === undefined ? '' : `; the text begins with ${odd}`;
    return invalid(`text directly inside <request>; only elements belong there${hint}`, method);
  }
  return { ok: true, request: { method, body: root.children } };
}

/** A hint on why a root element's name is not `request`; empty if there is none. */
function nameHint(name: string): string {
  const odd = oddCharacterIn(name);
  return odd === undefined ? namespaceHint(name) : `; its name has ${odd}`;
}

function otherAttributesHint({ attributes }: XmlElement): string {
  return attributes.length === 0 ? '' : `, only ${quotedAttributes(attributes)}`;
}

function invalid(message: string, method?: string): Decoded {
  const invalidRequest = fault('INVALID_REQUEST', message);
  return method === undefined ? { ok: false, fault: invalidRequest } : { ok: false, fault: invalidRequest, method };
}
