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
  go: { title: 'Go', what: 'a worker in Go (`bench/subjects/go`)' },
  spring: { title: 'Spring Boot', what: 'a worker on Spring Boot, in Java (`bench/subjects/spring`)' },
  nest: { title: 'Nest', what: 'a worker on Nest, on Node.js (`bench/subjects/nest`)' },
  rascal: { title: 'Rascal', what: 'a worker on Rascal, on Node.js (`bench/subjects/rascal`)' },
  echo: {
    title: 'echo',
    what: 'no worker but the limit of the broker: no XML, no database, an answer of the same size (`bench/subjects/echo.ts`)',
  },
};
const PEERS = ['go', 'spring', 'nest', 'rascal'];

export function titleOf(subject: string): string {
  return WORDS[subject]?.title ?? subject;
}

/** One line for each subject. */
export function describedSubjects(subjects: readonly string[]): string {
  return subjects.map((name) => `- **${titleOf(name)}**: ${WORDS[name]?.what ?? 'another subject'}.`).join('\n');
}

/** What limits the comparison, as far as it concerns these subjects. */
export function fairnessNotes(subjects: readonly string[]): string {
  const peers = subjects.filter((name) => PEERS.includes(name)).map(titleOf);
  const notes = [
    ...subjects.flatMap((name) => WORDS[name]?.notes ?? []),
    ...(peers.length === 0
      ? []
      : [
          `**${peers.join(', ')}: no request keys either**, and no limits on XML beyond those of their parsers. Each was written for this comparison, by their documentation; somebody who knows one well may make it faster.`,
        ]),
    '**The machine is shared**: a subject that uses less of the processor leaves more to broker and database. On machines of their own the ratios under load would differ.',
    '**One request at a time** measures mostly broker and database; the echo shows how much of it the broker is.',
    '**The database** is named above. Another engine changes the ratios, as batches save work there.',
  ];
  return notes.map((note) => `- ${note}`).join('\n');
}
