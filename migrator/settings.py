"""Every setting of Crosswalk, read from the environment and strict about it.

Without DATABASE_URL only commands that need no database work (setup, demo, test, serve_simulators).
"""

import secrets
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF

from migrator import logs
from migrator.environment import Environment, EnvironmentProblem

env = Environment()
BASE_DIR = Path(__file__).resolve().parent.parent

# Identity
DEBUG = env.boolean("DEBUG", default=False)
HAS_DATABASE = env.has("DATABASE_URL")
# A process without a database keeps nothing, so a key of its own will do; else the key is the operator's.
SECRET_KEY = env.text("SECRET_KEY") if HAS_DATABASE else env.text("SECRET_KEY", secrets.token_urlsafe(50))
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", default=("localhost", "127.0.0.1", "[::1]"))
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
# Keys that encrypt stored credentials: the first one writes, all of them read, so that a key can be replaced.
CROSSWALK_SECRET_KEYS = env.words("CROSSWALK_SECRET_KEYS")
if HAS_DATABASE and not CROSSWALK_SECRET_KEYS:
    raise EnvironmentProblem(
        "CROSSWALK_SECRET_KEYS is not set. Set it to one long random text; keep it for ever."
    )
CROSSWALK_ALLOW_SIMULATORS = env.boolean("CROSSWALK_ALLOW_SIMULATORS", default=False)
# Off where customers of one installation must not learn from each other, not even in counts.
CROSSWALK_SHARE_PRECEDENTS = env.boolean("CROSSWALK_SHARE_PRECEDENTS", default=True)

# A language model that may be asked about the field map (docs/model-proposals.md). Nobody, unless one is named.
CROSSWALK_MODEL_PROVIDER = env.choice(
    "CROSSWALK_MODEL_PROVIDER", ("off", "openai", "anthropic"), default="off"
)
HAS_MODEL = CROSSWALK_MODEL_PROVIDER != "off"
CROSSWALK_MODEL_URL = env.text("CROSSWALK_MODEL_URL", None if HAS_MODEL else "")
CROSSWALK_MODEL_NAME = env.text("CROSSWALK_MODEL_NAME", None if HAS_MODEL else "")
CROSSWALK_MODEL_KEY = env.text("CROSSWALK_MODEL_KEY", None if CROSSWALK_MODEL_PROVIDER == "anthropic" else "")
CROSSWALK_MODEL_ALLOW_PRIVATE = env.boolean("CROSSWALK_MODEL_ALLOW_PRIVATE", default=False)
CROSSWALK_MODEL_REASONING = env.boolean("CROSSWALK_MODEL_REASONING", default=False)
CROSSWALK_MODEL_PRICE_IN = env.amount("CROSSWALK_MODEL_PRICE_IN")
CROSSWALK_MODEL_PRICE_OUT = env.amount("CROSSWALK_MODEL_PRICE_OUT")
CROSSWALK_MODEL_CURRENCY = env.text("CROSSWALK_MODEL_CURRENCY", "EUR")
CROSSWALK_MODEL_MAX_CALLS = env.number("CROSSWALK_MODEL_MAX_CALLS", default=20)
CROSSWALK_MODEL_MAX_TOKENS = env.number("CROSSWALK_MODEL_MAX_TOKENS", default=150_000)
CROSSWALK_MODEL_MAX_COST = env.amount("CROSSWALK_MODEL_MAX_COST")
CROSSWALK_MODEL_MAX_SECONDS = env.number("CROSSWALK_MODEL_MAX_SECONDS", default=120)
# Below the 60 s after which a task is ended.
CROSSWALK_MODEL_TIMEOUT = min(env.number("CROSSWALK_MODEL_TIMEOUT", default=30, least=1), 35)

# Applications
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "django_tables2",
    "migrator",
    "reconciliation",
    "mapping_review",
]
MIDDLEWARE = [
    "migrator.middleware.request_id",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.common.CommonMiddleware",
    "migrator.middleware.visible_signs",
    # Before the check of the form's token, which reads the form.
    "migrator.middleware.too_large",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "migrator.middleware.private_pages",
    "django_htmx.middleware.HtmxMiddleware",
    # After htmx, because a part of a page is sent to the sign-in page in another way than a page.
    "migrator.middleware.sign_in_again",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "migrator.urls"
WSGI_APPLICATION = "migrator.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "migrator.views.context.shell",
            ],
        },
    }
]
DJANGO_TABLES2_TEMPLATE = "components/_table.html"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Database
DATABASES: dict[str, dict[str, Any]] = {}
if HAS_DATABASE:
    DATABASES["default"] = env.database("DATABASE_URL") | {"CONN_HEALTH_CHECKS": True}
    # A pool suits the threads of a web server. Forked workers hold one connection each and keep it.
    if pool_size := env.number("CROSSWALK_DATABASE_POOL", default=0):
        DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 10}
    else:
        DATABASES["default"]["CONN_MAX_AGE"] = 60

# Background work
CELERY_BROKER_URL = env.broker("CELERY_BROKER_URL", default="memory://")
CELERY_TASK_ACKS_LATE = True
# Without this a message is acknowledged when its worker is killed, and the slice waits for the sweeper.
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
# A page that cannot reach the broker answers anyway; the sweeper sends the wake-up again within 15 s.
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 2,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.4,
}
if CELERY_BROKER_URL.startswith("redis"):
    # Sixty times the longest task: a shorter time would start a second copy while the first still runs.
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "visibility_timeout": 3600,
        "socket_connect_timeout": 5,
    }
elif CELERY_BROKER_URL.startswith("amqp"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}
    CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
    CELERY_TASK_DEFAULT_EXCHANGE_TYPE = "topic"
CELERY_TASK_DEFAULT_QUEUE = "crosswalk"

# People
AUTHENTICATION_BACKENDS = ["migrator.views.backends.WithPreference"]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL
CSRF_FAILURE_VIEW = "migrator.views.problems.stale_form"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_NAME = "crosswalk_session"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "crosswalk_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Transport
HTTPS = env.boolean("CROSSWALK_HTTPS", default=not DEBUG)
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
if env.boolean("CROSSWALK_BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

# Language and time
LANGUAGE_CODE = "en"
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

# Static files
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Off in tests: pages then name files as they lie in the repository, and nothing has to be collected first.
STATIC_MANIFEST = env.boolean("CROSSWALK_STATIC_MANIFEST", default=not DEBUG)
STATIC_ROOT = env.text("CROSSWALK_STATIC_ROOT", str(BASE_DIR / "staticfiles")) if STATIC_MANIFEST else None
WHITENOISE_USE_FINDERS = not STATIC_MANIFEST
_STATIC_BACKENDS = {
    True: "whitenoise.storage.CompressedManifestStaticFilesStorage",
    False: "django.contrib.staticfiles.storage.StaticFilesStorage",
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _STATIC_BACKENDS[STATIC_MANIFEST]},
}

# Log
LOGGING = logs.django_logging(
    level=env.text("CROSSWALK_LOG_LEVEL", "INFO"), as_json=env.boolean("CROSSWALK_LOG_JSON", not DEBUG)
)
logs.configure_structlog()
