import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

import { afterAll, beforeAll, expect, test, type TestContext } from 'vitest';

import { attempt } from '../../infrastructure/command.ts';
import { ContactsClient } from '../../src/client/index.ts';
import { testImages, type TestImages } from '../support/test-images.ts';

const PAGE = readFileSync(new URL('../../docs/testing.md', import.meta.url), 'utf8');
const PREPARE_LIMIT_MS = 240_000;
const LIMIT_MS = 500_000;

type ContactName = { readonly firstName: string; readonly lastName: string };
const JANE: ContactName = { firstName: 'Jane', lastName: 'Doe' };

let images: TestImages;
const folder = mkdtempSync(join(tmpdir(), 'contacts-samples-'));

beforeAll(async () => {
  images = await testImages();
}, 600_000);

afterAll(async () => {
  await images?.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** The page's block in a language, with the images of this machine. */
function sample(language: string): string {
  const [, block = ''] = new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'm').exec(PAGE) ?? [];
  const names = {
    'rabbitmq:4-management': images.rabbitmq,
    'mongo:8': images.mongodb,
    'contacts-worker': images.worker,
  };
  return Object.entries(names).reduce((text, [name, image]) => {
    expect(text).toContain(`"${name}"`);
    return text.replaceAll(`"${name}"`, `"${image}"`);
  }, block);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Skips where the tools are missing or their packages cannot be had; both are said. */
async function prepare(context: TestContext, probe: readonly string[], install: readonly string[]): Promise<void> {
  for (const [program = '', ...args] of [probe, install]) {
    const { code, output } = await attempt(program, args, { cwd: folder, limitMs: PREPARE_LIMIT_MS });
    expect(output).not.toContain('COMPILATION ERROR');
    if (code === 0) continue;
    console.warn(`The sample is not tested, as this failed: ${program} ${args.join(' ')}\n${output}`);
    context.skip(`failed: ${program} ${args.join(' ')}`);
  }
}

/** Runs a program that prints the broker's address, uses its worker, and lets it end. */
async function createdContact(program: string, ...args: readonly string[]): Promise<ContactName> {
  const env = { ...process.env, TESTCONTAINERS_RYUK_DISABLED: 'true' };
  const child = spawn(program, args, { cwd: folder, env, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  try {
    let url: string | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      url = /^amqp:\/\/\S+$/.exec(line)?.[0];
      if (url !== undefined) break;
    }
    expect(url).toBeDefined();
    const client = await ContactsClient.connect({ url: url ?? '' });
    const { contactId } = await client.create({
      clientId: 1,
      firstName: 'Jane',
      lastName: 'Doe',
      email: 'jane@example.org',
    });
    const { firstName, lastName } = await client.get(contactId);
    await client.close();
    child.stdin.end('\n');
    expect(await ended).toBe(0);
    return { firstName, lastName };
  } finally {
    child.kill();
  }
}

test('the sample in Python starts a worker that answers', { timeout: LIMIT_MS }, async (context) => {
  write('python/contacts.py', `${sample('python')}        print(amqp_url, flush=True)\n        input()\n`);
  const install = 'python3 -m venv venv && venv/bin/pip install -q testcontainers==4.15.0';
  await prepare(context, ['python3', '-c', 'import venv, ensurepip'], ['bash', '-c', install]);
  expect(await createdContact('venv/bin/python', 'python/contacts.py')).toEqual(JANE);
});

test('the sample in Java starts a worker that answers', { timeout: LIMIT_MS }, async (context) => {
  const substitute = sample('java').replace(
    /(DockerImageName\.parse\("[^"]+"\))/,
    '$1.asCompatibleSubstituteFor("rabbitmq")',
  );
  write('src/main/java/Sample.java', javaProgram(substitute));
  write('pom.xml', POM);
  const classpath =
    'mvn -q -B compile org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath -Dmdep.outputFile=classpath.txt';
  await prepare(context, ['bash', '-c', 'javac --version && mvn --version'], ['bash', '-c', classpath]);
  const program = 'exec java -cp "target/classes:$(cat classpath.txt)" Sample';
  expect(await createdContact('bash', '-c', program)).toEqual(JANE);
});

function javaProgram(block: string): string {
  return `import org.testcontainers.containers.*;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

public class Sample {
  public static void main(String[] args) throws Exception {
${block}
    System.out.println(amqpUrl);
    System.in.read();
    worker.stop();
    mongodb.stop();
    rabbitmq.stop();
    network.close();
  }
}
`;
}

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.example</groupId>
  <artifactId>sample</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.release>17</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    <dependency>
      <groupId>org.testcontainers</groupId>
      <artifactId>rabbitmq</artifactId>
      <version>1.21.4</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-nop</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
  <build>
    <plugins>
      <plugin>
        <groupId>org.apache.maven.plugins</groupId>
        <artifactId>maven-compiler-plugin</artifactId>
        <version>3.13.0</version>
      </plugin>
    </plugins>
  </build>
</project>
`;
