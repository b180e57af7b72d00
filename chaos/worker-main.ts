// The worker of src/main.ts with one more method, and without the guard that REMOVED_GUARD names.

import { amqpNeedsCertificate, amqpUrlProblem } from '../src/amqp/connection/url.ts';
import { loadConfig } from '../src/settings/config.ts';
import { apiMethods } from '../src/methods/index.ts';
import { mongodbNeedsCertificate, mongodbTlsProblem, mongodbUrlProblem } from '../src/mongo/connection/url.ts';
import { createLog } from '../src/ops/log.ts';
import { readSettingFile } from '../src/settings/setting-file.ts';
import { createWorker } from '../src/worker.ts';
import { removeGuard, type Guard } from './guards.ts';
import { poisonMethod } from './poison.ts';

const config = loadConfig(process.env, readSettingFile, {
  amqpUrlProblem,
  amqpNeedsCertificate,
  mongodbUrlProblem,
  mongodbTlsProblem,
  mongodbNeedsCertificate,
});
const log = createLog({ level: config.logLevel });
const seen = removeGuard(process.env['REMOVED_GUARD'] as Guard | undefined);
const worker = createWorker(config, log, {
  methods: (contacts, limits) => [...apiMethods(seen(contacts), limits), poisonMethod],
});

const signalled = new Promise((resolve) => process.once('SIGTERM', resolve));
const started = worker.start().then(() => log.info('consuming requests'));
await Promise.race([signalled, Promise.all([started, worker.failed])]);
const report = await worker.stop();
log.info('stopped', {
  reason: report.drained ? 'drained' : 'drain timeout',
  delivered: report.delivered,
  acknowledged: report.acknowledged,
  dead_lettered: report['dead-lettered'],
  handed_back: report['handed-back'],
  lost: report.lost,
});
await log.flush();
process.exit(report.drained ? 0 : 1);
