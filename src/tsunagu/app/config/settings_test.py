"""Settings for tests and the type checker: nothing is written outside a temporary folder."""

import os
import tempfile

os.environ.setdefault("SECRET_KEY", "only for tests")
_home = tempfile.TemporaryDirectory(prefix="tsunagu-test-")  # removed when the process ends
os.environ["TSUNAGU_HOME"] = _home.name

from tsunagu.app.config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
STATIC_ROOT.mkdir()  # noqa: F405  # whitenoise warns where there is none
TASKS = {
    "default": {
        "BACKEND": "django_tasks.backends.immediate.ImmediateBackend",
        "QUEUES": ["default", "scores", "outward"],
    }
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, not memory: in memory the live server's threads would share one connection, and the
    # transaction that one of them rolls back would be another's.
    DATABASES["default"]["TEST"] = {"NAME": f"{_home.name}/test.sqlite3"}  # noqa: F405
# Tests walk every address without a token, from one address, within a minute.
API_ANONYMOUS_CALLS_A_MINUTE = 10_000
