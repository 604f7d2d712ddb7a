# The service as an image. It needs nothing while it is built but the two base
# images and the crates that Cargo.lock names.
ARG RUST_VERSION=1.95

# The manifests alone, each target an empty program: as long as they are equal,
# the layer with the compiled dependencies is taken from the cache.
FROM docker.io/library/rust:${RUST_VERSION}-slim-bookworm AS manifests
WORKDIR /source
COPY . .
RUN find . -type f ! -name Cargo.toml ! -name Cargo.lock \
        ! -path './.cargo/*' ! -path '*/src/main.rs' ! -path '*/src/lib.rs' ! -path '*/build/main.rs' \
        ! -path './benches/*.rs' ! -path './tests/*.rs' -delete \
    && find . -type d -empty -delete \
    && find . -name '*.rs' | while read -r file; do echo 'fn main() {}' > "$file"; done

FROM docker.io/library/rust:${RUST_VERSION}-slim-bookworm AS build
WORKDIR /source
COPY --from=manifests /source .
RUN cargo build --locked --release --bin entente
COPY . .
# Sources that are older than the empty programs would pass for compiled.
RUN find . -name '*.rs' -not -path './target/*' -exec touch {} + \
    && cargo build --locked --release --bin entente \
    && cp target/release/entente /usr/local/bin/entente \
    && mkdir /state

FROM docker.io/library/debian:bookworm-slim
LABEL org.opencontainers.image.title="Entente" \
      org.opencontainers.image.description="The system of record for relations between countries: a gRPC service whose every change streams, in order and without loss." \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /usr/local/bin/entente /usr/local/bin/entente
# A volume takes over the owner of the folder that it covers.
COPY --from=build --chown=10001:10001 /state /var/lib/entente
USER 10001:10001
WORKDIR /var/lib/entente
VOLUME /var/lib/entente
ENV ENTENTE_LISTEN=0.0.0.0:50051 \
    ENTENTE_DATABASE_URL=sqlite:/var/lib/entente/entente.db
EXPOSE 50051
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/entente", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/entente"]
# Beyond loopback the service asks for this word, since it does not yet know who
# calls: publish the port to trusted networks only.
CMD ["serve", "--insecure"]
