# Checked by `npm run check:image`, which follows these steps without a container engine.
# Base images are named by digest: the same bytes for everybody, until somebody looks at newer ones and changes it here.
FROM node:24.21.0-bookworm-slim@sha256:2fe369e969550cde8e867afc3fe370b260140cab4a23d467074295b42163d553 AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY nest-cli.json nest-openapi-plugin.mjs tsconfig.json tsconfig.build.json ormconfig.ts ./
COPY src ./src
RUN npm run build

FROM node:24.21.0-bookworm-slim@sha256:2fe369e969550cde8e867afc3fe370b260140cab4a23d467074295b42163d553 AS modules
WORKDIR /app
COPY package.json package-lock.json ./
# Peers that nobody here uses: an image library of Baileys, and the compiler for TypeORM's command line, which npm keeps
# because it is a development dependency too.
RUN npm ci --ignore-scripts --omit=dev --omit=peer && rm -r node_modules/typescript node_modules/ts-node

FROM node:24.21.0-bookworm-slim@sha256:2fe369e969550cde8e867afc3fe370b260140cab4a23d467074295b42163d553
WORKDIR /app
# For the embedded database and the generated key. With DATABASE_URL and ENCRYPTION_KEY nothing is written there.
RUN mkdir data && chown 1000:1000 data
COPY package.json ./
COPY --from=modules /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/app/data
# The user `node` of the base image, as a number, so that orchestrators see that it is not root.
USER 1000:1000
VOLUME /app/data
EXPOSE 3000
STOPSIGNAL SIGTERM
# Whether the process is alive, not whether the database is: while that is away, the process still hangs up its rings, and
# must not be replaced.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself, not npm, so that it gets the signals. Run it with an init (`docker run --init`, compose: `init: true`), which
# cleans up after the processes of the embedded database. What a call needs is garbage soon after: with more room for young objects
# it is collected before it grows old. Nor is a quiet moment used for a full collection, which stops everybody.
CMD ["node", "--max-semi-space-size=32", "--no-memory-reducer", "dist/src/main.js"]
