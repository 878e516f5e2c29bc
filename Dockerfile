# Two images: source, packages and the built dashboard; the argument names the service, as in `docker run linko gateway`.
#   docker build -t linko .                                   the product, for production
#   docker build -t linko-demo --target linko-demo .          the product with the demo's seed and the simulator of Meta
# A private registry: --secret id=npmrc,src=$HOME/.npmrc; a base by its digest: --build-arg NODE_IMAGE=node@sha256:…
ARG NODE_IMAGE=node:24.21.0-slim
FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# What the lock says and nothing else: every package has its hash there.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# What browsers get, the one thing that is built. The packages that build it stay behind.
FROM ${NODE_IMAGE} AS dashboard
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY shared shared
COPY services/gateway/dashboard services/gateway/dashboard
RUN node services/gateway/dashboard/build/build.ts --force

FROM ${NODE_IMAGE} AS product
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json ./
COPY shared shared
COPY services services
COPY --from=dashboard /app/services/gateway/dashboard/dist services/gateway/dashboard/dist
# What shows /docs; the page beside it is ours.
COPY --from=dashboard /app/node_modules/@scalar/api-reference/dist/browser/standalone.js services/gateway/docs-page/dist/scalar.js
COPY deploy/entrypoint.mjs deploy/healthy.mjs deploy/migrate.ts deploy/broker-users.ts deploy/admin.ts deploy/
# Mount points of volumes, which take their owner from here.
RUN mkdir -p /var/lib/linko /definitions && chown node:node /var/lib/linko /definitions
USER node
VOLUME /var/lib/linko
ENV INGEST_SPOOL_DIR=/var/lib/linko/spool
ENTRYPOINT ["node", "deploy/entrypoint.mjs"]

FROM product AS linko-demo
# Seed and simulator refuse production.
ENV NODE_ENV=development
COPY deploy/demo deploy/demo
COPY deploy/simulator deploy/simulator

# Last, so that a build without --target makes the production image.
FROM product AS linko
