"""The web process."""

from __future__ import annotations

import gc
import os

from django.core.wsgi import get_wsgi_application

from config.logs import mask_web_server

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config.startup import refuse_unsafe_start  # noqa: E402 - needs the apps to be loaded

mask_web_server()
refuse_unsafe_start()

# What stands now stands for good: without it each full collection looks at all of it again.
gc.collect()
gc.freeze()
