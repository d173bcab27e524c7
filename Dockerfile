# Kandid's server on the CPU: small, not as root, with a health check.
#   docker build -t kandid . && docker run -p 127.0.0.1:8080:8080 -e KANDID_AUTH=off kandid

FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json vite.config.ts ./
COPY src src
COPY guides guides
# 1: with the packages by which servers and workers share jobs.
ARG CLUSTER=0
# ONNX Runtime brings the binaries of every system, 220 MB that are of no use here.
RUN npm run build && npm prune --omit=dev --no-audit --no-fund \
  && if [ "$CLUSTER" = 1 ]; then npm install --no-save --omit=dev --no-audit --no-fund \
    $(node -p "const { peerDependencies: of } = require('./package.json'); ['bullmq', 'ioredis'].map((name) => name + '@' + of[name]).join(' ')"); fi \
  && find node_modules/onnxruntime-node/bin/napi-v6 -mindepth 1 -maxdepth 1 ! -name linux -exec rm -r {} +

FROM node:20-bookworm-slim
ENV NODE_ENV=production KANDID_HOST=0.0.0.0 KANDID_PORT=8080 KANDID_DEVICE=cpu ORT_DISABLE_TELEMETRY=1
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY models models
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.KANDID_PORT+'/readyz').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"]
# The server itself gets the signal, so that it can let its jobs end.
STOPSIGNAL SIGTERM
CMD ["node", "dist/src/main.js", "serve"]
