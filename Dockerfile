# Two images, nothing built: source and packages; the argument names the service, as in `docker run linko gateway`.
#   docker build -t linko .                                   the product, for production
#   docker build -t linko-demo --target linko-demo .          the product with the demo's seed and the simulator of Meta
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Not `npm ci`: the lock cannot name optional packages of platforms that its registry does not have.
RUN npm install --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-slim AS product
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json ./
COPY shared shared
COPY services services
COPY deploy/entrypoint.mjs deploy/migrate.ts deploy/
RUN mkdir -p /var/lib/linko && chown node:node /var/lib/linko
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
