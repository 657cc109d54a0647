# Footnoted with its weights. compose.yaml runs it with PostgreSQL; alone, its library is a folder:
#
#   docker build --tag footnoted .
#   docker run --rm -it --volume users:/users footnoted user ada --auth /users/users.txt
#   docker run --volume users:/users --volume data:/data --publish 127.0.0.1:7860:7860 footnoted
#
# Where packages come from another index than pip's own, --build-arg PIP_INDEX_URL=… names it, and
# PIP_EXTRA_INDEX_URL one that is looked at as well: pip's own torch comes with CUDA, which is not
# used and more than 4 of the image's 8 GB; an index with CPU builds spares it. What holds a
# password is given as a file: --secret id=pip,src=pip.conf.

# The language model in the image: one of the catalogue (`footnoted models list`), or none.
ARG LLM=qwen2.5-coder-1.5b-instruct

# libgomp1 is what llama.cpp runs its threads with. Debian's packages are named without versions, since
# its mirrors have only the latest of each.
FROM debian:trixie-slim AS python
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libgomp1 python3 \
    && rm -rf /var/lib/apt/lists/*

# The libraries, in a layer of their own: a change of Footnoted leaves it as it is.
FROM python AS libraries
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/*
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
WORKDIR /source
COPY pyproject.toml constraints.txt ./
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=cache,target=/root/.cache/pip \
    python3 -m venv /opt/footnoted \
    && python3 -c "import tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; print(*project['dependencies'], *project['optional-dependencies']['postgresql'], *project['optional-dependencies']['scans'], sep='\n')" > requirements.txt \
    && /opt/footnoted/bin/pip install --requirement requirements.txt --constraint constraints.txt

FROM libraries AS wheel
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
COPY README.md LICENSE footnoted_pytest.py ./
COPY rag rag
COPY index index
COPY ui ui
COPY eval eval
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=cache,target=/root/.cache/pip \
    /opt/footnoted/bin/pip wheel --no-deps --wheel-dir /wheel .

# The weights are fetched into a folder that the builder keeps, so that they come once.
FROM libraries AS weights
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG LLM
RUN --mount=type=bind,from=wheel,source=/wheel,target=/wheel \
    --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=cache,target=/var/cache/weights \
    /opt/footnoted/bin/pip install --no-deps --no-index /wheel/*.whl \
    && set -- bge-small-en-v1.5-int8 ms-marco-minilm-l-12-v2-int8 \
    && if [ "$LLM" != none ]; then set -- "$@" "$LLM"; fi \
    && /opt/footnoted/bin/footnoted models pull --models /var/cache/weights "$@" \
    && mkdir /opt/models \
    && for name in "$@"; do cp --recursive "/var/cache/weights/$name" /opt/models || exit 1; done

FROM python
RUN groupadd --gid 10001 footnoted \
    && useradd --uid 10001 --gid 10001 --home-dir /data --shell /usr/sbin/nologin footnoted \
    && install --directory --owner 10001 --group 10001 --mode 700 /data /users
COPY --from=libraries /opt/footnoted /opt/footnoted
COPY --from=weights /opt/models /opt/models
RUN --mount=type=bind,from=wheel,source=/wheel,target=/wheel \
    /opt/footnoted/bin/pip install --no-deps --no-index /wheel/*.whl \
    && /opt/footnoted/bin/pip check
ARG LLM
ENV PATH=/opt/footnoted/bin:$PATH HOME=/data \
    FOOTNOTED_LIBRARY=/data/library FOOTNOTED_MODELS=/opt/models FOOTNOTED_LLM=$LLM
WORKDIR /data
USER 10001:10001
# What is lacking is found here rather than by a visitor.
RUN footnoted doctor
VOLUME ["/data", "/users"]
EXPOSE 7860
# The window is there when it answers with its page, or with that of its login (401).
HEALTHCHECK --interval=30s --timeout=10s --start-period=90s --retries=3 \
    CMD ["python", "-I", "-c", "import http.client as http; window = http.HTTPConnection('127.0.0.1', 7860, timeout=8); window.request('GET', '/'); raise SystemExit(window.getresponse().status not in (200, 401))"]
ENTRYPOINT ["footnoted"]
CMD ["chat", "--host", "0.0.0.0", "--port", "7860", "--auth", "/users/users.txt"]
