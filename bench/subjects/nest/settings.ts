const { AMQP_URL = '', MONGODB_URL = '', REQUEST_QUEUE = '' } = process.env;

export const amqpUrl = AMQP_URL;
export const mongodbUrl = MONGODB_URL;
export const requestQueue = REQUEST_QUEUE;
export const PREFETCH = 256;
