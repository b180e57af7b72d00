import { describe, expect, test } from 'vitest';
import { settingsSchema, type Config } from '../../../src/settings/config.ts';
import { loadConfig, noFiles, problemsOf } from './load-settings.ts';

describe('defaults', () => {
  test('an empty environment yields the documented defaults', () => {
    expect(loadConfig({}, noFiles)).toEqual({
      amqpUrls: ['amqp://guest:guest@127.0.0.1:5672'],
      mongodbUrl: 'mongodb://127.0.0.1:27017/contacts',
      mongodbSharded: false,
      requestQueue: 'contacts.requests',
      requestQueues: 1,
      prefetch: 256,
      consumerPriority: 'equal',
      maxRequestBytes: 65536,
      listMaxPerPage: 1000,
      maxAttempts: 5,
      retentionSeconds: 604_800,
      drainTimeoutMs: 25000,
      exitWhenStuckMs: 300_000,
      replyToAllow: undefined,
      httpPort: 8080,
      logLevel: 'info',
    });
  });

  test('an empty variable counts as not set', () => {
    expect(loadConfig({ PREFETCH: '', MONGODB_URL_FILE: '', REPLY_TO_ALLOW: '' }, noFiles)).toEqual(
      loadConfig({}, noFiles),
    );
  });

  test('the loaded settings are frozen', () => {
    const config = loadConfig({}, noFiles);
    expect(() => Object.assign(config, { prefetch: 1 })).toThrow(TypeError);
    expect(() => Array.prototype.push.call(config.amqpUrls, 'amqp://other')).toThrow(TypeError);
  });

  test('a second load does not keep values of the first', () => {
    loadConfig({ PREFETCH: '7' }, noFiles);
    expect(loadConfig({}, noFiles).prefetch).toBe(256);
  });

  test('every setting is described, and has a default or is optional', () => {
    const settings = Object.entries(settingsSchema().properties);
    // The files of TLS are two fields: three settings for the broker, two for the database.
    const [files, others] = [settings.filter(([name]) => name.includes('_TLS_')), Object.keys(loadConfig({}, noFiles))];
    expect(files).toHaveLength(5);
    expect(settings).toHaveLength(others.length - 2 + files.length);
    for (const [name, setting] of settings) {
      expect(setting.description.length, name).toBeGreaterThan(20);
      expect(setting.default !== undefined || name === 'REPLY_TO_ALLOW' || name.includes('_TLS_'), name).toBe(true);
    }
  });
});

describe('values', () => {
  const cases: readonly [Record<string, string>, Partial<Config>][] = [
    [
      { AMQP_URL: 'amqp://a:1,amqps://u:p@b:2/%2F, amqp://[::1]' },
      { amqpUrls: ['amqp://a:1', 'amqps://u:p@b:2/%2F', 'amqp://[::1]'] },
    ],
    [{ MONGODB_URL: 'mongodb+srv://u:p%40w@cluster.example.org/contacts?retryWrites=true' }, {}],
    [
      { MONGODB_URL: 'mongodb://a:1,b:2,c:3/contacts?replicaSet=rs' },
      { mongodbUrl: 'mongodb://a:1,b:2,c:3/contacts?replicaSet=rs' },
    ],
    [{ MONGODB_URL: 'mongodb://[::1]:27017/contacts' }, {}],
    [{ REQUEST_QUEUE: 'ü'.repeat(125) }, { requestQueue: 'ü'.repeat(125) }],
    [
      { REQUEST_QUEUES: '64', PREFETCH: '64' },
      { requestQueues: 64, prefetch: 64 },
    ],
    [{ PREFETCH: '1' }, { prefetch: 1 }],
    [{ PREFETCH: '2000' }, { prefetch: 2000 }],
    [{ MAX_REQUEST_BYTES: '16711680' }, { maxRequestBytes: 16711680 }],
    [{ LIST_MAX_PER_PAGE: '1' }, { listMaxPerPage: 1 }],
    [{ DRAIN_TIMEOUT_MS: '0' }, { drainTimeoutMs: 0 }],
    [{ HTTP_PORT: '0' }, { httpPort: 0 }],
    [{ HTTP_PORT: '65535' }, { httpPort: 65535 }],
    [{ LOG_LEVEL: 'silent' }, { logLevel: 'silent' }],
  ];

  test.each(cases)('%j is accepted', (environment, expected) => {
    expect(loadConfig(environment, noFiles)).toMatchObject(expected);
  });

  test('variables of other programs are ignored', () => {
    expect(problemsOf({ SOME_FILE: '/nowhere', PATH: '/bin', prefetch: 'x', TOKEN_FILE: '/nowhere' })).toEqual([]);
  });
});

describe('problems', () => {
  const refused: readonly [string, string][] = [
    ['AMQP_URL', 'http://localhost'],
    ['AMQP_URL', 'localhost:5672'],
    ['AMQP_URL', 'amqp://'],
    ['AMQP_URL', 'amqp://a,'],
    ['AMQP_URL', ' '],
    ['MONGODB_URL', 'mongodb://h:27017'],
    ['MONGODB_URL', 'mongodb://h:27017/'],
    ['MONGODB_URL', 'mongodb://h:27017/?replicaSet=rs'],
    ['MONGODB_URL', 'mongodb:///contacts'],
    ['MONGODB_URL', 'postgres://h/contacts'],
    ['MONGODB_URL', 'mongodb://h/con.tacts'],
    ['MONGODB_URL', 'mongodb://h/a/b'],
    ['MONGODB_URL', `mongodb://h/${'a'.repeat(64)}`],
    ['REQUEST_QUEUE', 'a'.repeat(251)],
    ['REQUEST_QUEUE', 'ü'.repeat(126)],
    ['REQUEST_QUEUE', 'amq.requests'],
    ['REQUEST_QUEUES', '0'],
    ['REQUEST_QUEUES', '65'],
    ['REQUEST_QUEUE', ' '],
    ['REQUEST_QUEUE', 'requests '],
    ['REQUEST_QUEUE', 'a\nb'],
    ['PREFETCH', '0'],
    ['PREFETCH', '2001'],
    ['PREFETCH', '-1'],
    ['PREFETCH', '1.5'],
    ['PREFETCH', '0x10'],
    ['PREFETCH', '1e2'],
    ['PREFETCH', ' 5'],
    ['PREFETCH', 'many'],
    ['PREFETCH', '9'.repeat(400)],
    ['MAX_REQUEST_BYTES', '127'],
    ['MAX_REQUEST_BYTES', '16711681'],
    ['LIST_MAX_PER_PAGE', '0'],
    ['LIST_MAX_PER_PAGE', '3001'],
    ['MAX_ATTEMPTS', '0'],
    ['DRAIN_TIMEOUT_MS', '-5'],
    ['DRAIN_TIMEOUT_MS', '3600001'],
    ['REPLY_TO_ALLOW', '('],
    ['REPLY_TO_ALLOW', '(?=a)b'],
    ['HTTP_PORT', '65536'],
    ['LOG_LEVEL', 'INFO'],
    ['LOG_LEVEL', 'verbose'],
  ];

  test.each(refused)('%s=%j is one problem with the name of the setting', (name, value) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name}: `));
  });

  test('each queue needs a prefetch of at least one', () => {
    expect(problemsOf({ REQUEST_QUEUES: '4', PREFETCH: '3' })).toEqual([
      'PREFETCH: must be at least REQUEST_QUEUES, as each queue needs one',
    ]);
    expect(problemsOf({ REQUEST_QUEUES: '4', PREFETCH: '0' })).toHaveLength(1);
  });

  test('the name of several queues leaves room for what follows it', () => {
    expect(problemsOf({ REQUEST_QUEUES: '2', REQUEST_QUEUE: 'a'.repeat(247) })).toEqual([]);
    expect(problemsOf({ REQUEST_QUEUES: '2', REQUEST_QUEUE: 'a'.repeat(248) })).toEqual([
      'REQUEST_QUEUE: must have at most 247 bytes where REQUEST_QUEUES is above 1',
    ]);
  });

  test('one message lists all problems, one per line, in the order of the documentation', () => {
    const environment = {
      LOG_LEVEL: 'loud',
      HTTP_PORT: '70000',
      AMQP_URL: 'amqp:',
      PREFETCH: '3',
      PREFETCH_FILE: '/none',
    };
    expect(() => loadConfig(environment, noFiles)).toThrow(
      [
        'The settings are not usable:',
        '  AMQP_URL: must be a URL amqp://USER:PASSWORD@HOST:PORT/VHOST or amqps://…',
        '  PREFETCH: both PREFETCH and PREFETCH_FILE are set; set one of them',
        '  HTTP_PORT: must be a whole number from 0 to 65535',
        '  LOG_LEVEL: must be one of trace, debug, info, warn, error, fatal, silent',
      ].join('\n'),
    );
  });

  test('with several broker URLs the message gives the position of the invalid one', () => {
    expect(problemsOf({ AMQP_URL: 'amqp://a,amqp://b,amq://c' })[0]).toContain('entry 3 of 3');
  });

  test('no message repeats a value', () => {
    const secret = 'S3CR3T';
    const names = Object.keys(settingsSchema().properties);
    const everywhere = Object.fromEntries(names.map((name) => [name, `(${secret}\u0007`]));
    const problems = problemsOf({
      ...everywhere,
      AMQP_URL: `x://u:${secret}@h`,
      MONGODB_URL: `mongodb://u:${secret}@h`,
    });
    expect(problems).toHaveLength(names.length);
    expect(problems.join('\n')).not.toContain(secret);
  });
});
