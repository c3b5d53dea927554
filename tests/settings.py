from __future__ import annotations

import sys

if "pytest" in sys.modules:  # mypy reads the settings too, and needs no server
    import tests.services  # noqa: F401  before the settings: they read the addresses

import os

from config.settings import *  # noqa: F403, TID251
from config.settings import CACHES  # noqa: TID251

SECRET_KEY = "tests-only-not-a-secret-but-long-enough-for-the-checks-0123456789"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
SECURE_SSL_REDIRECT = False
WHITENOISE_AUTOREFRESH = True
DEMO = False

# Each worker of the run clears a cache of its own.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
CACHES["default"]["LOCATION"] = CACHES["default"]["LOCATION"].replace("db=0", f"db={WORKER + 1}")
