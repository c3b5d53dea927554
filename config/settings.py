"""Settings, all from the environment; production values are the default.

`make run` sets PLUMBLINE_DEMO and finds the embedded services; docs/settings.md lists every variable.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
import pghistory

import config.celery  # noqa: F401 - shared tasks ring its broker, in every process
from config import embedded
from config.start import trusted_proxies

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()  # type: ignore[no-untyped-call]
if (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")

# The demo has known passwords, which production refuses.
DEMO = env.bool("PLUMBLINE_DEMO", default=False)
DEBUG = False
DEFAULT_SECRET = "plumbline-development-key-never-for-production"  # noqa: S105
SECRET_KEY = env("SECRET_KEY", default=DEFAULT_SECRET)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env("SITE_URL", default=f"http://localhost:{env.int('PORT', default=8000)}").rstrip("/")

INSTALLED_APPS = [
    "tenancy",
    "mail",
    "accounts",
    "engagements",
    "notifications",
    "metrics",
    "okrs",
    "imports",
    "decisions",
    "checkins",
    "escalations",
    "reviews",
    "status",
    "workspace",
    "demo",
    "config",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "pghistory",
    "pgtrigger",
    "template_partials",  # wraps the cached loaders
]

MIDDLEWARE = [
    "accounts.middleware.SharedPageMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.middleware.RequestBytesMiddleware",
    "accounts.middleware.PageMethodsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.PrivateResponseMiddleware",
    "accounts.middleware.TransactionMiddleware",
    "accounts.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "builtins": ["template_partials.templatetags.partials"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "engagements.access.workspace_context",
            ],
        },
    }
]

# The database: three roles, one server. Without a URL the embedded services of this checkout.
SERVICES = embedded.urls(embedded.paths(BASE_DIR))


def database(variable: str, *, prepares: bool = True) -> dict[str, Any]:
    """Return the connection settings of one role's URL."""
    config: dict[str, Any] = env.db_url(variable, default=SERVICES[variable])
    config["OPTIONS"] = {**config.get("OPTIONS", {}), "server_side_binding": True}
    if prepares and env.bool("DATABASE_PREPARE", default=True):
        config["OPTIONS"]["prepare_threshold"] = 2
    # A pool would ask for CONN_MAX_AGE=0; a thread that keeps its connection is as fast.
    config |= {
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
    return config


DATABASES = {
    "default": database("DATABASE_URL"),
    "owner": database("DATABASE_OWNER_URL"),
    # No page keeps one. A sweep is planned for its values each time: one plan for all took minutes.
    "sweep": {**database("DATABASE_SWEEP_URL", prepares=False), "CONN_MAX_AGE": 0},
}
DATABASE_ROUTERS = ["tenancy.scoping.RoleRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env("REDIS_URL", default=SERVICES["REDIS_URL"])
CACHES = {"default": {"BACKEND": "tenancy.caches.Cache", "LOCATION": REDIS_URL}}
SESSION_ENGINE = "accounts.backends"
# Safari stores no secure cookie of http://localhost. Only the demo may go without: an installation
# that forgets SITE_URL keeps secure ones. Its names differ from those of other sites on localhost.
SECURE_COOKIES = not DEMO or SITE_URL.startswith("https:")
COOKIE_PREFIX = "__Host-" if SECURE_COOKIES else "plumbline-"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session"
SESSION_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf"
CSRF_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_HTTPONLY = True
DEVICE_COOKIE_NAME = f"{COOKIE_PREFIX}device"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.Backend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an invitation that was opened from the mail is the proof
# Binds the address, as allauth's own does, which would list it in a table of its own for that.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105  a class
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 300
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True  # a row that a worker cancels: asking takes the same time
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
# allauth's would let a stranger lock an owner out, and check before they count: `limits` has ours.
ACCOUNT_RATE_LIMITS = False

# Limits count by address: behind proxies say how many, or all visitors share one.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
TRUSTED_PROXIES = [each.strip() for each in trusted_proxies().split(",") if each.strip()]

# Browser security
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0 if DEMO else 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEMO)
SECURE_REDIRECT_EXEMPT = [r"^healthz/"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# Worker and beat: tasks take ids, are idempotent, and lose nothing when the broker does.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace(
    "?db=", "?virtual_host="
)
CELERY_TIMEZONE = "UTC"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 240
CELERY_TASK_SOFT_TIME_LIMIT = 200
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000  # KiB
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # however long the broker is away
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Beat sends tasks again within a minute, sooner than a broker returns those of a dead worker; and
    # a worker that holds a task while the broker dies would crash on the attempt (kombu 5.7).
    "ack_emulation": False,
    "socket_keepalive": True,
    "health_check_interval": 25,
    # A request that rings must not wait for a broker that is down.
    "max_retries": 0,
    "socket_connect_timeout": 1,
    "socket_timeout": 3,
}
# One retry at once restores a connection that the broker dropped.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
# Plain UTC intervals: local time is worked out in the sweep, per engagement.
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "config.tasks.tick", "schedule": 60.0},
    # Less than a minute, including the lease of a killed worker.
    "deliver-due": {"task": "mail.tasks.deliver_due", "schedule": 20.0},
    "share-link-views": {"task": "engagements.tasks.flush_share_link_views", "schedule": 60.0},
}

# Mail: to the console until a server is named
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
if EMAIL_URL := env("EMAIL_URL", default=""):
    vars().update(env.email_url_config(EMAIL_URL))  # type: ignore[no-untyped-call]
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Plumbline <plumbline@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]  # none on disk

# Indexes of an event table lead with the engagement: `tenancy.models.tracked` makes them.
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"mask_tokens": {"()": "config.logs.MaskTokens"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["mask_tokens"],
        }
    },
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {"django.server": {"handlers": ["console"], "propagate": False}},
}
