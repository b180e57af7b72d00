import { beforeEach, expect, test } from 'vitest';

import { FlowControl } from '../../src/flow-control.ts';

let changes: [paused: boolean, cause: string][];
let flow: FlowControl;

beforeEach(() => {
  changes = [];
  flow = new FlowControl((paused, cause) => changes.push([paused, cause]));
});

test('consumption pauses while a call waits for the database, and resumes when none does', () => {
  flow.waiting(1);
  flow.waiting(1);
  flow.waiting(-1);
  expect(changes).toEqual([[true, 'the database is unavailable']]);
  flow.waiting(-1);
  expect(changes.slice(1)).toEqual([[false, 'everything is available again']]);
});

test('consumption pauses while every write of a method fails', () => {
  flow.failing(1);
  flow.failing(-1);
  expect(changes.map(([paused]) => paused)).toEqual([true, false]);
  expect(changes[0]?.[1]).toBe('every write of a method fails alike');
});

test('consumption pauses while answers cannot be published', () => {
  flow.open(false);
  flow.open(false);
  flow.open(true);
  expect(changes.map(([paused]) => paused)).toEqual([true, false]);
  expect(changes[0]?.[1]).toBe('answers cannot be sent');
});

test('it resumes only when the last of several reasons is gone, and reports each', () => {
  flow.waiting(1);
  flow.open(false);
  flow.failing(1);
  expect(flow.reasons()).toEqual({ database: true, writes: true, answers: true });
  flow.waiting(-1);
  flow.open(true);
  expect(changes).toHaveLength(1);
  expect(flow.reasons()).toEqual({ database: false, writes: true, answers: false });
  flow.failing(-1);
  expect(changes.map(([paused]) => paused)).toEqual([true, false]);
});
