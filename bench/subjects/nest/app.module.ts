import { RabbitMQModule } from '@golevelup/nestjs-rabbitmq';
import { Module } from '@nestjs/common';

import { ContactsModule } from './contacts.module.ts';
import { RequestConsumer } from './request.consumer.ts';
import { amqpUrl, PREFETCH } from './settings.ts';

@Module({
  imports: [
    ContactsModule,
    RabbitMQModule.forRoot({
      uri: amqpUrl,
      prefetchCount: PREFETCH,
      enableDirectReplyTo: false,
      connectionInitOptions: { wait: true, timeout: 10_000 },
      connectionManagerOptions: { connectionOptions: { noDelay: true } },
      // The consumer reads and writes XML, not JSON.
      deserializer: (body) => body,
      defaultPublishOptions: { persistent: true, mandatory: true, contentType: 'application/xml' },
    }),
  ],
  providers: [RequestConsumer],
})
export class AppModule {}
