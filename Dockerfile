# cellvi in a container, for workflow engines: no ENTRYPOINT, because they run
# their task's script in it; no USER, because they write to the task's folder;
# bash for that script, and procps because Nextflow's trace asks for ps.

ARG GO_VERSION=1.26

FROM docker.io/library/golang:${GO_VERSION}-bookworm AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        gcc libaec-dev libc6-dev libdeflate-dev libhdf5-dev libopenblas-dev pkg-config zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ENV GOCACHE=/go/cache
# All but the C library is linked in. libopenblas.so would bring LAPACK and
# Fortran's runtime; libhdf5.so its reader of S3, and so curl, OpenSSL, Kerberos
# and LDAP: none of which the static libraries' used parts need.
RUN mkdir /static \
    && cd /usr/lib/*-linux-gnu \
    && ln -s "$PWD/openblas-pthread/libopenblas.a" "$PWD/libdeflate.a" "$PWD/libsz.a" "$PWD/libaec.a" "$PWD/libz.a" /static/ \
    && ln -s "$PWD/libhdf5_serial.a" /static/libhdf5.a \
    && ln -s "$PWD/libhdf5_serial_hl.a" /static/libhdf5_hl.a \
    && cd /src \
    && CGO_LDFLAGS="-L/static -lhdf5_hl -lhdf5 -lsz -laec -lz -lm" \
        go build -trimpath -buildvcs=false -ldflags "-s -w" -o /out/cellvi .
# Licences of what is linked in: the C libraries', Go's, and those of every Go module.
RUN mkdir -p /out/licenses/Go \
    && cp LICENSE /out/licenses/LICENSE \
    && for p in libopenblas-dev:OpenBLAS libdeflate-dev:libdeflate libhdf5-dev:HDF5 libaec-dev:libaec zlib1g-dev:zlib; do \
        cp "/usr/share/doc/${p%%:*}/copyright" "/out/licenses/${p##*:}" || exit 1; done \
    && cp "$(go env GOROOT)/LICENSE" /out/licenses/Go/ \
    && go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}' . | sort -u >/out/modules \
    && while read -r module folder; do \
        mkdir -p "/out/licenses/$module" \
        && find "$folder" -maxdepth 1 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' \) \
            -exec cp {} "/out/licenses/$module/" \; || exit 1; done </out/modules \
    && chmod -R a+rX,u+w /out

# Debian without what installs software and keeps accounts or file systems: a
# task's script finds the usual commands. Purged by name, so that Debian's record
# of what is there, which scanners read, stays true; first those that still need
# others to go. A package that is not there is no mistake.
FROM docker.io/library/debian:bookworm-slim AS userland
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends bash procps \
    && purge="dpkg --purge --force-remove-essential --force-remove-protected --force-depends" \
    && $purge adduser apt debian-archive-keyring e2fsprogs gpgv libapt-pkg6.0 libcom-err2 libdb5.3 libext2fs2 \
        libffi8 libgnutls30 libhogweed6 libidn2-0 libnettle8 libp11-kit0 libpam-modules libpam-modules-bin \
        libpam-runtime libseccomp2 libsemanage-common libsemanage2 libsepol2 libss2 libtasn1-6 libunistring2 \
        libxxhash0 login logsave mount passwd tzdata util-linux-extra \
    && $purge debconf init-system-helpers perl-base usr-is-merged \
    && rm -rf /var/cache/* /var/log/* /var/lib/apt /var/lib/dpkg/*-old /usr/share/man /usr/share/locale /usr/share/info

FROM scratch
LABEL org.opencontainers.image.title="cellvi" \
      org.opencontainers.image.description="Single-cell count matrices to latent embeddings by scVI's variational auto-encoder, as a batch pipeline step" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY --from=userland / /
COPY --from=build /out/licenses /usr/share/licenses/cellvi
COPY --from=build /out/cellvi /usr/local/bin/cellvi
CMD ["cellvi", "--help"]
