"""The door for web servers: ``granian --interface wsgi tsunagu.app.config.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tsunagu.app.config.settings")

application = get_wsgi_application()
