import { AmqpConnection, MessageHandlerErrorBehavior, RabbitSubscribe } from '@golevelup/nestjs-rabbitmq';
import { Injectable } from '@nestjs/common';
import type { ConsumeMessage } from 'amqplib';
import { pino } from 'pino';

import { ContactsHandler } from './contacts.handler.ts';
import { requestQueue } from './settings.ts';

/** Answers requests; a request is acknowledged once the handler's promise resolves. */
@Injectable()
export class RequestConsumer {
  private readonly log = pino(pino.destination({ sync: false }));

  constructor(
    private readonly connection: AmqpConnection,
    private readonly handler: ContactsHandler,
  ) {}

  @RabbitSubscribe({
    queue: requestQueue,
    queueOptions: { durable: true, arguments: { 'x-queue-type': 'quorum' } },
    errorBehavior: MessageHandlerErrorBehavior.REQUEUE,
  })
  async handle(body: Buffer, { properties }: ConsumeMessage): Promise<void> {
    const started = performance.now();
    const { replyTo, correlationId } = properties as { replyTo: string; correlationId: string };
    const answer = await this.handler.answer(body);
    // Resolves with the broker's confirm.
    await this.connection.publish('', replyTo, Buffer.from(answer.body), {
      correlationId,
      headers: { status: answer.status },
    });
    this.log.info({ request: correlationId, status: answer.status, ms: performance.now() - started }, 'request');
  }
}
