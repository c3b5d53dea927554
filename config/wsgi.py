"""The web process."""

from __future__ import annotations

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.db import connections

from config.logs import mask_web_server

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config.startup import refuse_unsafe_start  # noqa: E402 - needs the apps to be loaded

mask_web_server()
refuse_unsafe_start()
connections.close_all()  # workers are forked from this process; each opens its own

# No collection looks at what is loaded now: it lasts, and workers share its memory unchanged.
gc.collect()
gc.freeze()
