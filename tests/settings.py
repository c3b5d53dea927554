from __future__ import annotations

import sys

if "pytest" in sys.modules:  # mypy reads the settings too, and needs no server
    import tests.services  # noqa: F401  before the settings: they read the addresses

from config.settings import *  # noqa: F403

SECRET_KEY = "tests-only-not-a-secret-but-long-enough-for-the-checks-0123456789"  # noqa: S105
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
SECURE_SSL_REDIRECT = False
WHITENOISE_AUTOREFRESH = True
DEMO = False
