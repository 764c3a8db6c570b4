# hotline itself. Build from the project's folder: docker build -f docker/hotline.Dockerfile .
FROM node:20-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
COPY scripts/no-package scripts/no-package
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN node scripts/build.mjs && npm prune --omit=dev --no-audit --no-fund

FROM node:20-bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends espeak-ng sox tini \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 hotline \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin hotline \
 && install -d -o 10001 -g 10001 /data /asterisk-etc
WORKDIR /app
ENV NODE_ENV=production HOTLINE_DATA=/data HOTLINE_CACHE=/data/cache HOTLINE_CONFIG=/app/config
COPY --from=build /src/node_modules node_modules
COPY --from=build /src/dist dist
COPY package.json LICENSE ./
# Two of the packages are links to here.
COPY scripts/no-package scripts/no-package
COPY dialplan dialplan
COPY ivr-flows ivr-flows
COPY config config
USER 10001:10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=120s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# tini hands signals on and takes away what ended children (speech programs) leave.
ENTRYPOINT ["tini", "--", "node", "dist/cli/hotline.js"]
CMD ["serve"]
