import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { GenericContainer, getContainerRuntimeClient, ImageName } from 'testcontainers';

/** The same relative place from src/testing/ and from dist/testing/. */
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

/** The base of the worker's image where `images.node` names no other. */
const DEFAULT_NODE_IMAGE = 'node:26.10.0-trixie-slim';

/** What the worker needs of the package, beside its dependencies. */
const PARTS = ['dist', 'config', 'schema'] as const;

const DOCKERFILE = `ARG NODE_IMAGE=${DEFAULT_NODE_IMAGE}
FROM \${NODE_IMAGE}
ENV NODE_ENV=production MALLOC_ARENA_MAX=1
WORKDIR /app
COPY package.json ./
RUN npm install --omit=dev --ignore-scripts --no-audit --no-fund --no-package-lock
COPY . ./
USER 1000:1000
EXPOSE 8080
CMD ["node", "--max-semi-space-size=8", "dist/main.js"]
`;

/**
 * Builds the worker's image from this installed package, unless an image of this version and base
 * exists; returns its name. The build installs the package's dependencies by npm.
 */
export async function buildWorkerImage(nodeImage: string = DEFAULT_NODE_IMAGE): Promise<string> {
  const manifest = await readManifest();
  const described = JSON.stringify([DOCKERFILE, nodeImage, manifest, await builtAt()]);
  const digest = createHash('sha256').update(described).digest('hex').slice(0, 12);
  const image = `contacts-worker-testing:${digest}`;
  const { image: images } = await getContainerRuntimeClient();
  if (await images.exists(ImageName.fromString(image))) return image;
  const context = await mkdtemp(join(tmpdir(), 'contacts-worker-image-'));
  try {
    for (const part of PARTS) await cp(join(PACKAGE, part), join(context, part), { recursive: true });
    await writeFile(join(context, 'package.json'), JSON.stringify(manifest));
    await writeFile(join(context, 'Dockerfile'), DOCKERFILE);
    await GenericContainer.fromDockerfile(context)
      .withBuildArgs({ NODE_IMAGE: nodeImage })
      .build(image, { deleteOnExit: false });
    return image;
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/** The package's manifest without what a worker does not use. */
async function readManifest(): Promise<object> {
  const text = await readFile(join(PACKAGE, 'package.json'), 'utf8');
  const { name, version, type, dependencies } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  return { name, version, type, private: true, dependencies };
}

/** When the package was built or installed: a checkout that is built anew gets another image. */
async function builtAt(): Promise<number> {
  try {
    return (await stat(join(PACKAGE, 'dist', 'main.js'))).mtimeMs;
  } catch {
    throw new Error('the package is not built: run `npm run build`, or give images.worker');
  }
}
