// A consumer in NestJS: @golevelup/nestjs-rabbitmq, the MongoDB driver and fast-xml-parser.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';

import { readyUntilStopped } from '../readiness.ts';
import { AppModule } from './app.module.ts';

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'] });
readyUntilStopped(() => app.close());
