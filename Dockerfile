# Monitora in a container: `docker build -t monitora .`, then `docker run -p 127.0.0.1:8000:8000 -v monitora:/data monitora demo`.
# docker-compose.yml runs it with SQL Server and Redis.

ARG PYTHON=3.12-slim-bookworm

# --- Build: the locked dependencies, each checked by its hash, then the packages of this repository -------------------
FROM python:${PYTHON} AS build
# The version of the Makefile's UV_VERSION.
ARG UV_VERSION=0.13.9
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy VIRTUAL_ENV=/opt/monitora PATH=/opt/monitora/bin:$PATH
# In this order: once the environment exists, its Python, which has no pip, comes first on the path.
RUN python -m pip install --quiet --no-cache-dir --disable-pip-version-check --root-user-action ignore "uv==${UV_VERSION}" \
    && python -m venv --without-pip /opt/monitora
WORKDIR /source

# Apart from the code, so that a change of the code does not install them again.
COPY requirements/image.txt requirements/
RUN --mount=type=cache,target=/root/.cache/uv uv pip install --require-hashes --requirement requirements/image.txt

COPY . .
RUN uv pip install --no-deps --no-build-isolation .

# --- Run: what was installed, and nothing to build with --------------------------------------------------------------
FROM python:${PYTHON} AS run

# Microsoft's ODBC driver came with requirements/image.txt, under Microsoft's licence terms (in the package's folder). Of the
# system, pyodbc needs unixODBC; the driver needs libltdl, Kerberos and, for Encrypt=yes, OpenSSL. Text
# recognition of scanned pages needs Tesseract's data.
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libgssapi-krb5-2 libltdl7 libodbc2 libssl3 \
        tesseract-ocr-eng tesseract-ocr-fra \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin monitora \
    && install --directory --owner monitora --group monitora --mode 0700 /data
COPY --from=build /opt/monitora /opt/monitora

ENV PATH=/opt/monitora/bin:$PATH PYTHONUNBUFFERED=1 \
    MONITORA_DATA_DIR=/data MONITORA_HOST=0.0.0.0 MONITORA_PORT=8000 MONITORA_LOG_FORMAT=json
USER monitora
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"MONITORA_PORT\"]}/healthz', timeout=2)"]

ENTRYPOINT ["monitora"]
CMD ["serve"]
