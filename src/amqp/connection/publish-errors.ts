/** Whether a confirm's error says that the broker refused the message; else the channel is closing. */
export function isNack(error: unknown): boolean {
  return error instanceof Error && error.message === 'message nacked';
}

/** Whether `publish` threw as the channel is closing; else amqplib cannot encode the message. */
export function isChannelClosing(error: unknown): boolean {
  return error instanceof Error && error.name === 'IllegalOperationError';
}
