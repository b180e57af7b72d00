import { fault } from '../protocol/fault.ts';
import type { Fault } from '../protocol/fault.ts';
import type { RequestEnvelope, XmlElement } from '../protocol/request.ts';
import { isBlank, oddCharacterIn, trimmed } from '../protocol/characters.ts';
import { namespaceHint, toldAttributes } from '../protocol/told-name.ts';
import { parseDocument } from './document.ts';

/** A request, or the one fault that it is answered with; `method` where the document named one all the same. */
export type Decoded =
  | { readonly ok: true; readonly request: RequestEnvelope }
  | { readonly ok: false; readonly fault: Fault; readonly method?: string };

export interface DecodeOptions {
  /** A longer body is refused unread (REQUEST_TOO_LARGE). No limit where absent. */
  readonly maxBytes?: number;
  /** The message's property; looked at only to say why a body cannot be read. */
  readonly contentEncoding?: string | undefined;
}

/**
 * Reads a request's bytes. Pure, and never throws for what a sender can send. Whether the method exists and what it
 * makes of the body is not looked at. Faults: REQUEST_TOO_LARGE, UNSUPPORTED_ENCODING, MALFORMED_XML, INVALID_REQUEST.
 */
export function decode(body: Uint8Array, options: DecodeOptions = {}): Decoded {
  const { maxBytes = Infinity } = options;
  if (body.length > maxBytes) {
    const message = `the request has ${body.length} bytes; at most ${maxBytes} are read`;
    return { ok: false, fault: fault('REQUEST_TOO_LARGE', message) };
  }
  const parsed = parseDocument(body, options.contentEncoding);
  return parsed.ok ? readEnvelope(parsed.root) : parsed;
}

function readEnvelope(root: XmlElement): Decoded {
  if (root.name !== 'request') return invalid(`the root element must be <request>${whyNot(root.name)}`);
  const named = root.attributes.find(([name]) => name === 'method');
  if (named === undefined) return invalid(`<request> has no attribute method${insteadOfMethod(root)}`);
  const method = trimmed(named[1]);
  if (method === '') return invalid('the attribute method of <request> is empty');
  if (root.attributes.length > 1) {
    const others = toldAttributes(root.attributes.filter((attribute) => attribute !== named));
    return invalid(`<request> has attributes other than method: ${others}`, method);
  }
  if (!isBlank(root.text)) {
    const odd = oddCharacterIn(trimmed(root.text).slice(0, 1));
    const begun = odd === undefined ? '' : `; the text begins with ${odd}`;
    return invalid(`text directly inside <request>; only elements belong there${begun}`, method);
  }
  return { ok: true, request: { method, body: root.children } };
}

/** What can be told of a name that is not `request`. */
function whyNot(name: string): string {
  const odd = oddCharacterIn(name);
  return odd === undefined ? namespaceHint(name) : `; its name has ${odd}`;
}

function insteadOfMethod({ attributes }: XmlElement): string {
  return attributes.length === 0 ? '' : `, only ${toldAttributes(attributes)}`;
}

function invalid(message: string, method?: string): Decoded {
  const refused = fault('INVALID_REQUEST', message);
  return method === undefined ? { ok: false, fault: refused } : { ok: false, fault: refused, method };
}
