import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import {
  goModules,
  goVersion,
  javaVersion,
  npmDependencies,
  pomParent,
} from '../../../bench/subjects/peer-versions.ts';
import { PEERS, SOURCES } from '../../../bench/subjects/peers.ts';

test('toolchains report their versions, also those with an addition', () => {
  expect(goVersion('go version go1.26.8 linux/amd64')).toBe('Go 1.26.8');
  expect(goVersion('go version go1.27rc1 linux/amd64')).toBe('Go 1.27rc1');
  expect(javaVersion('openjdk version "25.0.3" 2026-04-21 LTS\nOpenJDK Runtime')).toBe('Java 25.0.3');
  expect(javaVersion('')).toBe('Java unknown');
});

test('go.mod: the modules that the program imports, without those that they need', () => {
  const text = `module m\n\ngo 1.25.0\n\nrequire (\n\texample.com/owner/one v1.2.3\n\texample.com/two/v2 v2.0.1\n)
require (\n\texample.com/three v0.1.0 // indirect\n)\n`;
  expect(goModules(text)).toEqual(['one 1.2.3', 'two 2.0.1']);
});

test('pom.xml: the parent, not the program itself', () => {
  const parent = '<parent>\n<artifactId>spring-boot-starter-parent</artifactId>\n<version>4.1.2</version>\n</parent>';
  const text = `<project>${parent}<artifactId>own</artifactId><version>1</version></project>`;
  expect(pomParent(text)).toEqual(['spring-boot 4.1.2']);
});

test('package.json: dependencies, not those of the build', () => {
  const text = JSON.stringify({ dependencies: { '@a/b': '1.0.0' }, devDependencies: { c: '2.0.0' } });
  expect(npmDependencies(text)).toEqual(['@a/b 1.0.0']);
  expect(npmDependencies('{}')).toEqual([]);
});

test('the sources of all peers name exact versions', () => {
  const source = (file: string): string => readFileSync(join(SOURCES, file), 'utf8');
  const [go, spring, ...node] = PEERS;
  const found = [
    goModules(source(`${go}/go.mod`)),
    pomParent(source(`${spring}/pom.xml`)),
    ...node.map((name) => npmDependencies(source(`${name}/package.json`))),
  ];
  for (const versions of found) {
    expect(versions).not.toEqual([]);
    for (const version of versions) expect(version).toMatch(/^\S+ \d+\.\d+\.\d+$/);
  }
});
