import { randomUUID } from 'node:crypto';
import { run } from '../../infrastructure/command.ts';
import { waitFor } from '../../infrastructure/progress.ts';
import type { ComposeProject } from './compose-project.ts';
import { createRequest, deleteRequest, getRequest, listRequest, request, updateRequest } from './documents.ts';
import { query } from './prometheus.ts';
import { Requester } from './requester.ts';

const QUEUE = 'contacts.requests';

/** Metrics that have no series after `exerciseWorkers`, and why. */
export const WITHOUT_DATA: Readonly<Record<string, string>> = {
  contacts_retries_total: 'no execution fails: the database stays available',
  contacts_republished_total: 'a confirm that is lost with its channel cannot be provoked from outside',
  contacts_standstills_total: 'nothing makes a worker stand still',
  alertmanager_notifications_failed_total: 'no receiver sends anything',
};

/** Sends one request of each kind, so that each metric has data. */
async function round(requester: Requester): Promise<void> {
  const messageId = randomUUID();
  const created = await requester.request(createRequest(), { messageId });
  await requester.request(createRequest(), { messageId });
  const id = Number(/<contact_id>(\d+)/.exec(created.xml)?.[1]);
  await requester.request(updateRequest(id, { phone: '1' }));
  await Promise.all([requester.request(getRequest(id)), requester.request(listRequest({ client_id: 1 }))]);
  await requester.request(deleteRequest(id));
  await requester.request(getRequest(id));
  await requester.request(request('contact.unknown', ''));
  requester.send(getRequest(1), { replyTo: 'no-such-queue' });
  requester.send(getRequest(1), { replyTo: QUEUE });
}

/**
 * Sends requests to the workers of the project until Prometheus has seen each kind of event more
 * than once: answers, failures, a dead letter, and links that were lost and restored.
 */
export async function exerciseWorkers(project: ComposeProject, prometheusUrl: string): Promise<void> {
  let requester = await Requester.open(project.amqpUrl, QUEUE);
  await round(requester);
  await requester.close();
  const [broker] = await project.containers('rabbitmq');
  const closeAll = ['rabbitmqctl', '-q', 'close_all_connections', 'exercise'];
  await run('docker', ['exec', broker!, ...closeAll], { limitMs: 60_000 });
  requester = await Requester.open(project.amqpUrl, QUEUE);
  const seen = [
    'rate(contacts_requests_total{method="contact.list"}[10s]) > 0',
    'rate(contacts_replies_total{outcome="returned"}[10s]) > 0',
    'contacts_reconnects_total > 0',
    'contacts_dead_letters_total > 0',
    'contacts:dead_letter_queue_messages > 0',
    'contacts:queue_wait_seconds >= 0',
    'rabbitmq_detailed_queue_messages_ready{queue="contacts.requests.dead"} > 0',
  ];
  await waitFor(`all of ${seen.join(', ')}`, 120_000, async () => {
    await round(requester);
    const results = await Promise.all(seen.map((expr) => query(prometheusUrl, expr)));
    return results.every(({ samples }) => samples.length > 0) ? true : undefined;
  });
  await requester.close();
}
