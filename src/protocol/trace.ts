/** The place of one request in a trace, by the W3C's Trace Context. */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits; the producer's, where it sent a valid one. */
  readonly traceId: string;
  /** The span of the request's processing; 16 hexadecimal digits, as all span ids. */
  readonly spanId: string;
  /** The span of the answer's publication, which the answer's headers name as the parent. */
  readonly sendSpanId: string;
  /** The producer's span; `undefined` where the trace begins here. */
  readonly parentSpanId: string | undefined;
  /** The producer's `tracestate`, where it is well-formed. */
  readonly state: string | undefined;
  /** Whether the spans are recorded. */
  readonly sampled: boolean;
}
