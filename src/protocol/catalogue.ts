/**
 * Every code and name that leaves the process. All are closed types, so that the compiler finds
 * each use, and each stands here as it stands on the wire, so that a text search finds it.
 * docs/codes.md lists them; a test compares the two.
 */

/** Failures that an answer can report: the code, and when it is used. */
export const FAULT_CODES = {
  MALFORMED_XML: 'the document is not well-formed, not decodable, has a DOCTYPE or is too deep',
  UNSUPPORTED_ENCODING: 'the declared or marked encoding is not one of the five that are read',
  REQUEST_TOO_LARGE: 'the body is larger than MAX_REQUEST_BYTES',
  INVALID_REQUEST: 'well-formed, but not one <request method="…">',
  UNKNOWN_METHOD: 'there is no such method',
  INVALID_PARAMS: 'fields are missing, empty, unknown, repeated or ill-typed',
  NOT_FOUND: 'the contact does not exist',
  EXPIRED: 'the deadline passed before the request was executed',
  INTERNAL_ERROR: 'a defect; the request is in the dead-letter queue',
} as const;

export type FaultCode = keyof typeof FAULT_CODES;

/** The code of a request that succeeded, in logs and metrics. */
export const OK = 'OK';

/**
 * Stands for the method where it is unknown: the `type` of an answer, and a label in logs and
 * metrics.
 */
export const NO_METHOD = 'request';

/**
 * Why a request is in the dead-letter queue: the worker's reasons. The broker adds its own, such as
 * `expired`.
 */
export const DEAD_LETTER_REASONS = {
  INTERNAL_ERROR: 'a defect; the caller has the reference, if it asked for an answer',
  REPLY_TO_OWN_QUEUE: "reply_to is one of the worker's own queues",
  REPLY_TO_NOT_ALLOWED: 'reply_to does not match REPLY_TO_ALLOW, or is the literal amq.rabbitmq.reply-to',
  REPLY_TO_NOT_UTF8: 'reply_to is not UTF-8',
  UNREADABLE_PROPERTIES: 'the headers cannot be read, or are nested too deep',
  ANSWER_REFUSED: 'the reply queue refused the answer',
  ANSWER_UNCONFIRMED: 'the reply queue did not confirm the answer in time; it may still arrive',
  ANSWER_UNSENDABLE: 'AMQP or the broker does not take the answer',
} as const;

export type DeadLetterReason = keyof typeof DEAD_LETTER_REASONS;

/** Reasons for which a request is refused before it is executed. */
export type RefusalReason = Extract<DeadLetterReason, `REPLY_TO_${string}` | 'UNREADABLE_PROPERTIES'>;

/** Why a delivery goes back to the queue without an answer; in logs and metrics. */
export const HAND_BACK_CODES = {
  STOPPING: 'the worker stops and its time to finish is over',
  CHANNEL_GONE: 'the channel is closed; the broker delivers the request again',
} as const;

export type HandBackCode = keyof typeof HAND_BACK_CODES;

/** Why the console refuses a request of its API: the code, and when. */
export const CONSOLE_CODES = {
  NO_TOKEN: 'neither a session nor a token was sent',
  WRONG_TOKEN: 'the token is wrong',
  TOO_MANY_WRONG_TOKENS: 'the token is wrong, and ten wrong ones came from this address within a minute',
  CSRF: 'a change was not made by the console’s own page',
  WRONG_HOST: 'the header Host holds no name of this console',
  READ_ONLY: 'the console is read-only',
  NOT_JSON: 'the body is not a JSON object',
  BAD_VALUE: 'a value of the request is missing or not valid',
  TOO_LARGE: 'the body is too large',
  NOT_FOUND: 'there is no such path',
  NO_SUCH_LETTER: 'the letter is not in the queue',
  NO_SUCH_JOB: 'there is no such action',
  PREVIEW_USED: 'the preview was confirmed before, or is too old',
  NOTHING_TO_DO: 'the preview counted no letter',
  JOB_OVER: 'the action has ended',
  BUSY: 'too many readings of the dead-letter queue wait',
  QUEUE_MISSING: 'the dead-letter queue does not exist',
  BROKER_UNAVAILABLE: 'the broker cannot be reached',
  NO_ANSWER: 'no worker answered the document',
  INTERNAL_ERROR: 'a defect of the console',
} as const;

export type ConsoleCode = keyof typeof CONSOLE_CODES;

/** Headers of requests, answers and dead letters, by the name that the code uses. */
export const HEADERS = {
  /** Request: when it expires, in milliseconds since the epoch. */
  deadline: 'deadline',
  /** Request: how often an operator has sent it back from the dead-letter queue. */
  sentBack: 'sent-back',
  /** Answer: `ok` or `fail`. */
  status: 'status',
  /** Answer: `true` where an earlier copy of the request had taken effect. */
  repeated: 'repeated',
  /** Answer to contact.list. */
  page: 'page',
  /** Answer to contact.list. */
  perPage: 'per_page',
  /** Answer to contact.list. */
  hasMore: 'has_more',
  /** Request and answer: the W3C's trace context, where traces are on. */
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  /** Dead letter: ties the broker's confirm to the message. */
  publishId: 'publish-id',
  diagnosisCode: 'diagnosis-code',
  diagnosisAttempts: 'diagnosis-attempts',
  diagnosisFirstError: 'diagnosis-first-error',
  diagnosisLastError: 'diagnosis-last-error',
  diagnosisReferenceId: 'diagnosis-reference-id',
  diagnosisTime: 'diagnosis-time',
  /** Dead letter: names of the properties and headers that were left out. */
  diagnosisDropped: 'diagnosis-dropped',
} as const;

/**
 * Prefix of the headers that keep the text of a dropped property: `diagnosis-dropped-message-id`
 * and its like.
 */
export const DROPPED_PREFIX = 'diagnosis-dropped-';

/** Exit codes of the worker. */
export const EXIT_CODES = {
  /** Stopped, and everything taken was finished. */
  ok: 0,
  /** Failed, or stopped with requests handed back; another start may do better. */
  failed: 1,
  /**
   * EX_TEMPFAIL of sysexits.h: requests waited and none was taken; another process may do better.
   */
  stuck: 75,
  /** EX_CONFIG of sysexits.h: a person has to change something first. */
  config: 78,
} as const;

/** Exit codes of the command line. */
export const CLI_EXIT_CODES = {
  ok: 0,
  /** Failed, in part or whole, or a person declined. */
  failed: 1,
  /** Wrong usage, or a person has to confirm and there is no terminal. */
  usage: 2,
  /** No such contact, or no letter matched. */
  notFound: 3,
  /** No answer in time, or no queue accepts the request. */
  noAnswer: 4,
  /** EX_UNAVAILABLE of sysexits.h: the broker cannot be reached. */
  unreachable: 69,
  config: EXIT_CODES.config,
  /** SIGINT or SIGTERM ended it early; 128 + SIGINT, as shells report it. */
  interrupted: 130,
} as const;

export type CliExitCode = (typeof CLI_EXIT_CODES)[keyof typeof CLI_EXIT_CODES];

/** The worker's metrics, and the labels of each. Node's defaults come beside them. */
export const METRICS = {
  contacts_requests_total: ['method', 'status', 'code'],
  contacts_request_duration_seconds: ['method'],
  contacts_stage_duration_seconds: ['stage'],
  contacts_settlement_duration_seconds: ['settlement'],
  contacts_batch_size: ['method'],
  contacts_attempts_total: ['method'],
  contacts_repeats_total: ['method'],
  contacts_replies_total: ['outcome'],
  contacts_in_flight: [],
  contacts_ready: [],
  contacts_intake_held: ['reason'],
  contacts_link_up: ['link'],
  contacts_oldest_request_age_seconds: [],
  contacts_queue_messages: ['queue'],
  contacts_deliveries_redelivered_total: [],
  contacts_deliveries_settled_total: ['settlement'],
  contacts_dead_letters_total: ['reason'],
  contacts_retries_total: ['reason'],
  contacts_attempts_uncounted_total: [],
  contacts_republished_total: ['reason'],
  contacts_reconnects_total: ['link'],
  contacts_standstills_total: ['remedy'],
  contacts_cautious: [],
  contacts_cautions_total: ['reason'],
  contacts_majority_answers_total: ['answer'],
  contacts_foreign_documents_total: [],
  contacts_log_lines_dropped_total: [],
  contacts_spans_exported_total: [],
  contacts_spans_dropped_total: ['reason'],
} as const;

export type MetricName = keyof typeof METRICS;

/** The closed lists of values that the metrics' labels have; each is exposed as 0 from the start. */
export const REQUEST_STATUSES = ['ok', 'fail', 'refused', 'handed-back'] as const;
export const STAGES = ['decode', 'wait', 'database', 'encode', 'confirm'] as const;
export const REPLY_OUTCOMES = ['routed', 'returned', 'refused', 'unconfirmed', 'unsendable'] as const;
export const SETTLEMENTS = ['acknowledged', 'dead-lettered', 'handed-back', 'lost'] as const;
export const PAUSE_REASONS = ['database', 'writes', 'answers'] as const;
export const RETRY_REASONS = ['unavailable', 'isolated', 'defect', 'held'] as const;
/** The two links to the broker, and the database. */
export const LINKS = ['consume', 'publish', 'database'] as const;
export const REMEDIES = ['new channel', 'new connection', 'another node', 'exit'] as const;
/** What a broker's node answers when it is asked for its cluster's majority. */
export const MAJORITY_ANSWERS = ['present', 'missing', 'unknown'] as const;
export const CAUTION_REASONS = ['the link was lost while consuming', 'a request came back often'] as const;
export const SPAN_DROP_REASONS = ['queue full', 'export failed'] as const;
export const REPUBLISH_REASONS = [
  'confirm lost',
  'refused by the broker',
  'closed by the broker',
  'another queue waits',
  'dead letter returned',
  'dead letter refused',
  'dead letter unconfirmed',
] as const;
