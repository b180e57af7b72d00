# The worker's image. Valid for BuildKit and for the classic builder.
#   docker build -t contacts-worker .
# Another base image (a mirror, another release): --build-arg NODE_IMAGE=…; it needs Node, npm and a shell.
# Behind a proxy with a private certificate authority: put its certificates into ca-bundle.crt beside this file.
ARG NODE_IMAGE=node:26.10.0-trixie-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
# The bundle's name is a pattern, since COPY accepts a missing file only as a pattern.
COPY package.json package-lock.json .npmrc ca-bundle.cr[t] ./
RUN if [ -s ca-bundle.crt ]; then export NODE_EXTRA_CA_CERTS=/app/ca-bundle.crt; fi \
 && npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ca-bundle.cr[t] ./
RUN if [ -s ca-bundle.crt ]; then export NODE_EXTRA_CA_CERTS=/app/ca-bundle.crt; fi \
 && npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json rolldown.config.js ./
COPY config ./config
COPY src ./src
RUN npm run build

# Node, the libraries that it links, and what the system's resolver reads: no shell, no package manager, no npm.
FROM ${NODE_IMAGE} AS runtime
RUN mkdir -p /rootfs/app /rootfs/etc /rootfs/tmp /rootfs/usr/local/bin \
 && chmod 1777 /rootfs/tmp \
 && cp -L "$(command -v node)" /rootfs/usr/local/bin/node \
 && ldd /rootfs/usr/local/bin/node | grep -o '/[^ ]*' | while read -r library; do \
      mkdir -p "/rootfs$(dirname "$library")" && cp -L "$library" "/rootfs$library"; \
    done \
 && echo 'node:x:1000:1000::/app:/nonexistent' > /rootfs/etc/passwd \
 && echo 'node:x:1000:' > /rootfs/etc/group \
 && echo 'hosts: files dns' > /rootfs/etc/nsswitch.conf

FROM scratch AS worker
COPY --from=runtime /rootfs/ /
# One arena: glibc's arenas per thread cost 20 MiB that the worker does not use.
ENV PATH=/usr/local/bin NODE_ENV=production MALLOC_ARENA_MAX=1
WORKDIR /app
COPY package.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY config ./config
COPY schema ./schema
COPY console ./console
COPY deploy/worker/healthcheck.mjs ./healthcheck.mjs
COPY --from=build /app/dist ./dist
# A number, so that an orchestrator can verify that it is not root.
USER 1000:1000

# A part of each start is compiling. Node stores the result by its version, the user and the path.
FROM worker AS compiled
ENV NODE_COMPILE_CACHE=/tmp/compiled
COPY deploy/worker/compile.mjs ./
RUN ["node", "--max-semi-space-size=8", "compile.mjs"]

FROM worker
COPY --from=compiled /tmp/compiled ./compiled
ENV NODE_COMPILE_CACHE=/app/compiled
EXPOSE 8080
STOPSIGNAL SIGTERM
# Liveness, not readiness: a worker that waits for its database must not be replaced.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "healthcheck.mjs", "/livez"]
# Like `npm start`: a smaller young generation saves a fifth of the memory.
CMD ["node", "--max-semi-space-size=8", "dist/main.js"]
