import { isPeer } from '../subjects/peers.ts';

/** How the page names and describes a subject, and what a reader must know to judge it. */
interface Words {
  readonly title: string;
  readonly what: string;
  readonly notes?: readonly string[];
}

const WORDS: Readonly<Record<string, Words>> = {
  worker: {
    title: 'this worker',
    what: '`npm start` as it is: request keys with their index, one log line for each request, batches, prefetch 256',
  },
  other: { title: 'other build', what: 'another build of this worker' },
  plain: {
    title: 'plain Node',
    what: 'the same libraries without batches: prefetch 256, a database operation for each request, a log line (`bench/subjects/plain.ts`)',
    notes: [
      '**plain Node has no request keys**: a request that is delivered twice is executed twice. It keeps one index less, and checks XML no further than fast-xml-parser does.',
      '**plain Node starts from TypeScript**: removing the types costs about 35 ms of its cold start. This worker starts from built JavaScript.',
    ],
  },
  go: {
    title: 'Go',
    what: 'amqp091-go, the MongoDB driver and encoding/xml, with a goroutine for each request and a pool of 32 connections (`bench/subjects/go`)',
  },
  spring: {
    title: 'Spring Boot',
    what: 'Spring AMQP with 32 consumers, Spring Data MongoDB and Jackson on a JVM, tuned as their documentation says (`bench/subjects/spring`)',
    notes: [
      '**Spring Boot is measured warm**: it answers 30,000 requests before its first figure under load and one at a time. Others need no such warm-up. Its cold start loads an archive of classes that an earlier process wrote.',
    ],
  },
  nest: {
    title: 'Nest',
    what: 'NestJS with `@golevelup/nestjs-rabbitmq` and fast-xml-parser, and the contacts of plain Node (`bench/subjects/nest`)',
  },
  rascal: {
    title: 'Rascal',
    what: 'Rascal with 32 channels for confirmed answers, and the contacts and the XML of plain Node (`bench/subjects/rascal`)',
    notes: ['**Rascal starts partly from TypeScript**, as it shares modules with plain Node.'],
  },
  echo: {
    title: 'echo',
    what: 'no worker but the limit of the broker: no XML, no database, an answer of the same size (`bench/subjects/echo.ts`)',
  },
};

export function titleOf(subject: string): string {
  return WORDS[subject]?.title ?? subject;
}

/** One line for each subject. */
export function describedSubjects(subjects: readonly string[]): string {
  return subjects.map((name) => `- **${titleOf(name)}**: ${WORDS[name]?.what ?? 'another subject'}.`).join('\n');
}

/** What limits the comparison, as far as it concerns these subjects. */
export function fairnessNotes(subjects: readonly string[]): string {
  const peers = subjects.filter(isPeer).map(titleOf);
  const own = subjects.filter((name) => name === 'go' || name === 'spring').map(titleOf);
  const notes = [
    ...subjects.flatMap((name) => WORDS[name]?.notes ?? []),
    ...(peers.length === 0
      ? []
      : [
          `**${peers.join(', ')}: no request keys either**, and no limits on XML beyond those of their parsers. Each was written for this comparison, by their documentation; somebody who knows one well may make it faster.`,
        ]),
    ...(own.length === 0
      ? []
      : [
          `**${own.join(', ')}: no heap and no event loop of JavaScript**. Their processor time comes from the operating system, in steps of 10 ms.`,
        ]),
    '**The machine is shared**: a subject that uses less of the processor leaves more to broker and database. On machines of their own the ratios under load would differ.',
    '**One request at a time** measures mostly broker and database; the echo shows how much of it the broker is.',
    '**The database** is named above. Another engine changes the ratios, as batches save work there.',
  ];
  return notes.map((note) => `- ${note}`).join('\n');
}
