"""The WSGI application that the web server loads."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "migrator.settings")

application = get_wsgi_application()
# Everything that is loaded now stays for good. The collector need not walk over it again, which would hold up
# one page in ten by some 70 ms.
_ = get_resolver().url_patterns
gc.collect()
gc.freeze()
