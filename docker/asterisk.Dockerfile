# Asterisk 22 for hotline. Its configuration comes at start from a volume (see compose.yaml, service "configure").
FROM debian:bookworm-slim AS music
RUN apt-get update && apt-get install -y --no-install-recommends sox && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY scripts/lib.sh scripts/lib.sh
RUN HOTLINE_CACHE=/out bash -c '. scripts/lib.sh && make_music'

FROM debian:forky-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends asterisk \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 hotline \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin hotline \
 && install -d -o 10001 -g 10001 /data /run/asterisk /var/log/asterisk
COPY --from=music /out/music /music
# The same user as hotline has: they share recordings and prompts below the same path.
USER 10001:10001
VOLUME /data
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 \
  CMD ["asterisk", "-C", "/asterisk-etc/asterisk.conf", "-rx", "core waitfullybooted"]
STOPSIGNAL SIGTERM
CMD ["asterisk", "-f", "-n", "-C", "/asterisk-etc/asterisk.conf"]
