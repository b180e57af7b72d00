import type { FaultCode, HandBackCode, OK, RefusalReason, REQUEST_STATUSES } from './catalogue.ts';
import type { ReplyOutcome } from './reply.ts';
import type { Timeline } from './timeline.ts';
import type { TraceContext } from './trace.ts';

/** What is logged and counted of one request. Holds no personal data. */
export interface RequestReport {
  /** `NO_METHOD` where the method is unknown. */
  readonly method: string;
  readonly status: (typeof REQUEST_STATUSES)[number];
  /** The first fault's code, or why the request was refused or handed back. */
  readonly code: typeof OK | FaultCode | RefusalReason | HandBackCode;
  /** How often it was started. */
  readonly attempts: number;
  /** Requests in its batch; 0 where nothing was executed. */
  readonly batch: number;
  /** What happened to the answer; `none` where none was sent. */
  readonly reply: ReplyOutcome | 'none';
  readonly redelivered: boolean;
  /** An earlier copy of this request had taken effect. */
  readonly repeated: boolean;
  readonly referenceId: string;
  /** The producer's own id where it is a UUID; any other text could identify a person. */
  readonly messageId: string | undefined;
  readonly timeline: Timeline;
  /** Absent where traces are off. */
  readonly trace?: TraceContext | undefined;
  /** Milliseconds from the delivery to the confirmed answer. */
  readonly ms: number;
  readonly error?: unknown;
}
