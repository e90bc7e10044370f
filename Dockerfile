# Rapporteur's server. It needs a PostgreSQL, 15 or newer, named by RAPPORTEUR_DATABASE_URL:
#
#   docker build -t rapporteur .
#   docker run -p 127.0.0.1:8000:8000 -e RAPPORTEUR_DATABASE_URL=postgresql://user:password@host:5432/database rapporteur
#
# Without that URL the embedded PostgreSQL starts and keeps its data in /data: mount a volume there. It asks for keys; to make
# the first: docker exec CONTAINER rapporteur keys create NAME --scope admin

# The files of GraphiQL, from npm.
FROM node:22-bookworm-slim AS graphiql
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund --loglevel=error \
    && mkdir vendor \
    && cp node_modules/react/umd/react.production.min.js node_modules/react-dom/umd/react-dom.production.min.js \
        node_modules/graphiql/graphiql.min.js node_modules/graphiql/graphiql.min.css vendor/

# The console, built.
FROM node:22-bookworm-slim AS console
WORKDIR /build/console
COPY console/package.json console/package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
COPY graphql ../graphql
COPY console ./
RUN npm run build

# The virtual environment, at its final place: the locked requirements, and Rapporteur with all that it serves.
FROM python:3.13-slim-bookworm AS build
WORKDIR /app
RUN python -m venv --without-pip .venv
COPY requirements.txt ./
RUN pip --python .venv/bin/python install --no-cache-dir --require-hashes -r requirements.txt
COPY . source
COPY --from=graphiql /build/vendor source/server/graphiql/vendor
COPY --from=console /build/server/console/dist source/server/console/dist
RUN pip --python .venv/bin/python install --no-cache-dir --no-deps --no-build-isolation ./source

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin rapporteur \
    && install --directory --owner=rapporteur --group=rapporteur /data
WORKDIR /app
COPY --from=build /app/.venv .venv
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    RAPPORTEUR_HOST=0.0.0.0 \
    RAPPORTEUR_AUTH=true \
    RAPPORTEUR_DATA_DIR=/data \
    RAPPORTEUR_DEMO=false
USER 10001
EXPOSE 8000
VOLUME ["/data"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('RAPPORTEUR_PORT') or 8000), timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
CMD ["rapporteur", "serve"]
