# cellvi in a container, for workflow engines: no ENTRYPOINT, because they run
# their task's script in it; no USER, because they write to the task's folder;
# bash for that script, and procps because Nextflow's trace asks for ps.

ARG GO_VERSION=1.26

FROM docker.io/library/golang:${GO_VERSION}-bookworm AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        gcc libc6-dev libdeflate-dev libhdf5-dev libopenblas-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# OpenBLAS is linked in: the library would be half as large again, with LAPACK and Fortran's runtime.
RUN mkdir /static \
    && ln -s /usr/lib/*/openblas-pthread/libopenblas.a /usr/lib/*/libdeflate.a /static/ \
    && export CGO_LDFLAGS="-L/static" \
    && go build -trimpath -buildvcs=false -ldflags "-s -w" -o /out/cellvi .

FROM docker.io/library/debian:bookworm-slim
LABEL org.opencontainers.image.title="cellvi" \
      org.opencontainers.image.description="Single-cell count matrices to latent embeddings by scVI's variational auto-encoder, as a batch pipeline step" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        bash libhdf5-103-1 libhdf5-hl-100 procps \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* /usr/share/man /usr/share/locale
COPY --from=build /out/cellvi /usr/local/bin/cellvi
COPY LICENSE /usr/share/licenses/cellvi/LICENSE
COPY --from=build /usr/share/doc/libopenblas-dev/copyright /usr/share/licenses/cellvi/OpenBLAS
COPY --from=build /usr/share/doc/libdeflate-dev/copyright /usr/share/licenses/cellvi/libdeflate
CMD ["cellvi", "--help"]
