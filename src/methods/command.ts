import type { Read } from '../protocol/method.ts';
import type { Parsed } from './elements.ts';

/** What a method's `read` gives: the command made of the values, or the problems. */
export function commandOf<Value, Command>(parsed: Parsed<Value>, make: (value: Value) => Command): Read<Command> {
  return parsed.ok ? { valid: true, command: make(parsed.value) } : { valid: false, faults: parsed.faults };
}
