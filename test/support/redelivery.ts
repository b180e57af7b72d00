import { connect } from 'amqplib';

/**
 * Consumes the next messages of the queue, ahead of all workers, while `send` sends them, and
 * requeues them: they are then delivered as redelivered, as after a worker's stop.
 */
export async function requeueOnce(amqpUrl: string, queue: string, count: number, send: () => void): Promise<void> {
  const model = await connect(amqpUrl);
  const channel = await model.createChannel();
  await channel.prefetch(count);
  let tag = '';
  await new Promise<void>((resolve) => {
    let received = 0;
    const receive = (): void => {
      received += 1;
      if (received === count) resolve();
    };
    void channel.consume(queue, receive, { priority: 10 }).then(({ consumerTag }) => {
      tag = consumerTag;
      send();
    });
  });
  await channel.cancel(tag);
  channel.nackAll(true);
  await channel.close();
  await model.close();
}
