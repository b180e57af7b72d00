import { amqpNeedsCertificate, amqpUrlProblem } from '../../../src/amqp/connection/url.ts';
import { InvalidSettingsError, loadConfig as loadConfigWith, type Config } from '../../../src/settings/config.ts';
import { mongodbNeedsCertificate, mongodbTlsProblem, mongodbUrlProblem } from '../../../src/mongo/connection/url.ts';

type Load = Parameters<typeof loadConfigWith>;

/** Loads the settings as the worker does. */
export const loadConfig = (environment: Load[0], readFile: Load[1]): Config =>
  loadConfigWith(environment, readFile, {
    amqpUrlProblem,
    amqpNeedsCertificate,
    mongodbUrlProblem,
    mongodbTlsProblem,
    mongodbNeedsCertificate,
  });

/** A file system without files. */
export const noFiles = (path: string): string => {
  throw new Error(`no file ${path}`);
};

export function problemsOf(environment: Record<string, string>, readFile = noFiles): readonly string[] {
  try {
    loadConfig(environment, readFile);
  } catch (error) {
    if (error instanceof InvalidSettingsError) return error.problems;
    throw error;
  }
  return [];
}
