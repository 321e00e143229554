FROM python:3.11-slim
WORKDIR /app
COPY . .
RUN python3 manage.py setup && .venv/bin/python manage.py collectstatic --no-input
ENV PATH="/app/.venv/bin:$PATH" PYTHONUNBUFFERED=1
RUN useradd --system crosswalk
USER crosswalk
