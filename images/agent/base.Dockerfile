# sandcage/base: Debian, Node and sandcage's scripts; shared by every service of every project.
# No `# syntax=` line and no heredoc: the BuildKit inside engine 20.10 has to build it offline.
ARG BASE

# Node comes from npm: Debian's own is older than the agents need, and npm verifies what it fetches.
FROM ${BASE} AS node
ARG DEBIAN_MIRROR
ARG NODE_PACKAGE
ARG NODE_VERSION
ARG NPM_VERSION
ARG COREPACK_VERSION
COPY ca/ /usr/local/share/ca-certificates/cage/
COPY files/ /
RUN --mount=type=cache,id=sandcage-apt-node,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=sandcage-lists-node,target=/var/lib/apt/lists,sharing=locked \
    /opt/cage/build/apt-install ca-certificates npm && update-ca-certificates
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
RUN --mount=type=cache,id=sandcage-npm,target=/root/.npm \
    --mount=type=secret,id=npmrc,target=/root/.npmrc \
    /opt/cage/build/node-install /opt/cage/node

FROM ${BASE} AS base
ARG DEBIAN_MIRROR
COPY ca/ /usr/local/share/ca-certificates/cage/
COPY files/ /
RUN --mount=type=cache,id=sandcage-apt,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=sandcage-lists,target=/var/lib/apt/lists,sharing=locked \
    /opt/cage/build/apt-install \
      bash ca-certificates curl git less libatomic1 openssh-client patch procps python3 ripgrep \
      unzip xz-utils \
    && update-ca-certificates
COPY --from=node /opt/cage/node /opt/cage/node
# runc gives the tmpfs on /run the mode of the folder in the image, whatever the options say.
RUN chmod 1777 /run \
    && ln -s /opt/cage/node/bin/node /opt/cage/node/bin/npm /opt/cage/node/bin/npx \
      /opt/cage/node/bin/corepack /usr/local/bin/ \
    && ln -s /opt/cage/mail/send.mjs /usr/local/bin/cage-send \
    && ln -s /opt/cage/mail/wait.mjs /usr/local/bin/cage-wait \
    && corepack enable --install-directory /usr/local/bin \
    && rm -rf /home/agent && install -d -m 0755 /home/agent
