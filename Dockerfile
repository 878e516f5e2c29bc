# One image for all services: source and packages, nothing built. `docker run linko gateway`
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Not `npm ci`: the lock cannot name optional packages of platforms that its registry does not have.
RUN npm install --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json ./
COPY shared shared
COPY services services
COPY test/simulator test/simulator
COPY test/stack test/stack
COPY deploy/simulator/error-codes.json deploy/simulator/error-codes.json
COPY deploy/entrypoint.mjs deploy/migrate.ts deploy/
RUN mkdir -p /var/lib/linko && chown node:node /var/lib/linko
USER node
VOLUME /var/lib/linko
ENV INGEST_SPOOL_DIR=/var/lib/linko/spool
ENTRYPOINT ["node", "deploy/entrypoint.mjs"]
