# sandcage/gateway: Node, one script, nothing else; the same for every project.
# No `# syntax=` line and no heredoc: the BuildKit inside engine 20.10 has to build it offline.
ARG PARENT

# Node with exactly the libraries it is linked to: no shell, no package manager. A layer of its own,
# which every version of the script shares.
FROM ${PARENT} AS node
RUN install -d -m 0755 /gateway/etc /gateway/app \
    && install -d -m 1777 /gateway/tmp \
    && echo "gateway:x:65532:65532::/:/none" >/gateway/etc/passwd \
    && cp /opt/cage/node/bin/node /gateway/app/node \
    && ldd /gateway/app/node | grep -o '/[^ ]*' | xargs -I{} cp --parents -L {} /gateway/

FROM node AS script
WORKDIR /build
COPY package.json package-lock.json ./
RUN --mount=type=cache,id=sandcage-npm,target=/root/.npm \
    --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm ci --no-audit --no-fund --ignore-scripts
COPY src ./src
RUN node node_modules/esbuild/bin/esbuild src/gateway/main.ts \
      --bundle --platform=node --target=node22 --format=esm --log-level=warning \
      --banner:js='import { createRequire } from "node:module"; const require = createRequire("/");' \
      --outfile=/gateway/app/main.mjs
# One start in the image to be, as the user it will be: V8 keeps what it compiled, and knows it again
# by both. End of input ends it.
RUN install -d -m 1777 /gateway/cache \
    && { env -i PATH="$PATH" NODE_COMPILE_CACHE=/cache timeout 30 \
      chroot --userspec=65532:65532 /gateway /app/node /app/main.mjs </dev/null || true; } \
    && chmod -R a+rX,a-w /gateway/cache && test -n "$(ls -A /gateway/cache)" \
    && rm /gateway/app/node && mkdir /script && mv /gateway/app /gateway/cache /script/

FROM scratch
COPY --from=node /gateway/ /
COPY --from=script /script/ /
ENV NODE_COMPILE_CACHE=/cache
USER 65532:65532
ENTRYPOINT ["/app/node", "/app/main.mjs"]
