"""Django's settings, by environment (see the reference "Settings" in the docs).

Without any variable the application runs on this machine alone, on SQLite, with what it keeps in
``var/``.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from tsunagu.app.config.databases import database
from tsunagu.app.config.home import home_folder, secret_key
from tsunagu.app.config.origins import origins


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}


APP = Path(__file__).resolve().parents[1]
HOME = home_folder()
URL = os.environ.get("TSUNAGU_URL", "http://localhost:8000").rstrip("/")
HTTPS = URL.startswith("https://")

DEBUG = _flag("DEBUG")
SECRET_KEY = secret_key(HOME)
ALLOWED_HOSTS = [
    *(h for h in os.environ.get("ALLOWED_HOSTS", "").split(",") if h),
    urlsplit(URL).hostname or "localhost",
    "localhost",
    "127.0.0.1",
    "[::1]",
]
CSRF_TRUSTED_ORIGINS = [URL]

INSTALLED_APPS = [
    "tsunagu.app.config",
    "tsunagu.app.people",
    "tsunagu.app.customers",
    "tsunagu.app.deals",
    "tsunagu.app.exchange",
    "tsunagu.app.exports",
    "tsunagu.app.exchange.api",
    "tsunagu.app.scoring",
    "tsunagu.app.outlook",
    "tsunagu.app.interruptions",
    "tsunagu.app.playbooks",
    "tsunagu.app.rooms",
    "tsunagu.app.knowledge",
    "tsunagu.app.today",
    "tsunagu.app.organisation",
    "tsunagu.app.followup",
    "tsunagu.app.webhooks",
    "allauth",
    "allauth.account",
    "corsheaders",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_tasks",
    "django_tasks_db",
    "oauth2_provider",
    "rules",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "tsunagu.app.config.middleware.content_security_policy",
    "corsheaders.middleware.CorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tsunagu.app.people.middleware.language",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "tsunagu.app.config.urls"
WSGI_APPLICATION = "tsunagu.app.config.wsgi.application"
DATABASES = {"default": database(HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    # Shared by the workers of one machine: log-in attempts and calls of the API are counted here.
    # When it is full some counts are lost, so that it must hold those of everybody.
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": HOME / "cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [APP / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tsunagu.app.config.navigation.navigation",
            ],
            "builtins": ["django.templatetags.i18n", "tsunagu.app.config.templatetags.tsunagu"],
        },
    },
    {  # rows by the hundred: folders named jinja2, brought into pages by {% draw %}
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [APP / "jinja2"],
        "APP_DIRS": True,
        "OPTIONS": {"environment": "tsunagu.app.config.jinja.environment"},
    },
]

# People and how they come in. There is no sign-up: people.actions.create_user invites.
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "tsunagu.app.people.adapter.InvitedOnly"
ACCOUNT_FORMS = {"login": "tsunagu.app.people.forms.LogInForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # whoever invites names the address
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Tsunagu] "
# "customer_form" is ours: answers to question forms, by address and by form.
ACCOUNT_RATE_LIMITS = {"customer_form": "10/m/ip,20/h/key"}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("TRUSTED_PROXIES", "0"))

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", _("Japanese")), ("en", _("English"))]
LOCALE_PATHS = [APP / "locale"]
TIME_ZONE = os.environ.get("TZ_NAME", "Asia/Tokyo")
USE_TZ = True
CURRENCY = os.environ.get("CURRENCY", "JPY")
# Who asks, on pages that customers see.
COMPANY_NAME = os.environ.get("COMPANY_NAME", "")

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [APP / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": HOME / "files", "base_url": None},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG

# A worker for each queue: what people wait for never stands behind long work, nor behind other
# programs that answer slowly.
TASKS = {
    "default": {
        "BACKEND": "django_tasks_db.DatabaseBackend",
        "QUEUES": ["default", "scores", "outward"],
    }
}

# Name: (when, the task). "every N" is in seconds, "daily HH:MM" in the time zone.
SCHEDULE = {
    "scores": ("daily 02:30", "tsunagu.app.scoring.tasks.nightly"),
    "signals of time": ("every 60", "tsunagu.app.interruptions.tasks.look_at_due"),
    "similar cases": ("every 60", "tsunagu.app.knowledge.tasks.keep_up"),
    "thresholds": ("daily 03:30", "tsunagu.app.interruptions.tasks.nightly"),
    "playbooks": ("every 300", "tsunagu.app.playbooks.tasks.look_at_runs"),
    "effects of plays": ("daily 04:00", "tsunagu.app.playbooks.tasks.learn_effects"),
    "left behind": ("every 60", "tsunagu.app.scoring.tasks.take_up"),
    "mails left behind": ("every 60", "tsunagu.app.followup.tasks.take_up"),
    "imports left behind": ("every 30", "tsunagu.app.exchange.tasks.take_up"),
    "exports left behind": ("every 300", "tsunagu.app.exports.tasks.take_up"),
    "exports no longer kept": ("every 3600", "tsunagu.app.exports.tasks.tidy_up"),
    "kept answers": ("daily 04:15", "tsunagu.app.exchange.api.tasks.tidy_up"),
    "files of cases that are gone": ("daily 04:00", "tsunagu.app.rooms.tasks.tidy_up"),
    "webhooks": ("every 60", "tsunagu.app.webhooks.tasks.tell"),
    "old webhooks": ("daily 04:15", "tsunagu.app.webhooks.tasks.tidy_up"),
    "old models": ("daily 04:45", "tsunagu.app.scoring.tasks.prune_models"),
    "results of tasks": ("daily 04:30", "tsunagu.app.scoring.tasks.tidy_up"),
}

# Ten thousand rows in one call of the API; files are not among them.
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
# Calls of the API that each token may make in a minute.
API_CALLS_A_MINUTE = int(os.environ.get("API_CALLS_A_MINUTE", "600"))
# Those that each address may make without a valid token, and to get or give back tokens of apps.
API_ANONYMOUS_CALLS_A_MINUTE = int(os.environ.get("API_ANONYMOUS_CALLS_A_MINUTE", "60"))
# Pages of other sites that may call the API from a browser, with a token: CORS. Never with cookies.
CORS_ALLOWED_ORIGINS = origins(os.environ.get("API_ORIGINS", ""))
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = [
    "accept",
    "accept-language",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "WWW-Authenticate",
]

# Apps that act for people. The flags are RFC 9700's; among them: tokens are kept as digests only.
OAUTH2_PROVIDER = {
    "SCOPES_BACKEND_CLASS": "tsunagu.app.exchange.api.oauth_scopes.OurScopes",
    "PKCE_REQUIRED": True,
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3_600,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 90 * 86_400,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https", "http"],  # http on this machine only: api.oauth
    **{
        f"COMPLIANT_BCP_RFC9700_{rule}": True
        for rule in (
            "IMPLICIT_GRANT",
            "PASSWORD_GRANT",
            "PKCE_METHOD",
            "ACCESS_TOKEN_TRANSPORT",
            "AUTHZ_RESPONSE_ISS",
            "TOKEN_STORAGE",
            "REFRESH_TOKEN",
            "REDIRECT_URI_MATCHING",
            "PKCE_REQUIRED",
        )
    },
}

# Called after the commit of every change to a deal, with its id; dotted names of functions. The
# score goes first: a person waits for it.
DEAL_CHANGED: list[str] = [
    "tsunagu.app.scoring.actions.request_rescore",
    "tsunagu.app.interruptions.looking.deal_changed",
    "tsunagu.app.playbooks.watching.deal_changed",
    "tsunagu.app.webhooks.hearing.deal_changed",
]
# Called when somebody makes an offer, within its transaction: (user, deal, fact, why).
OFFER_MADE: list[str] = ["tsunagu.app.interruptions.hard_selling.offer_made"]
# Called when somebody said something on a case, with its deal's id; dotted names.
COMMENTED: list[str] = ["tsunagu.app.playbooks.watching.deal_changed"]
# Gives the rows (with ``deal_id``) of deals that broke off though they were recorded as lost.
BROKEN_OFF = "tsunagu.app.interruptions.labels.broken_off"
# Called by background jobs that changed many deals, with a list of ids; dotted names.
DEALS_CHANGED: list[str] = [
    "tsunagu.app.scoring.tracing.forget_traces",
    "tsunagu.app.interruptions.looking.deals_changed",
    "tsunagu.app.playbooks.watching.deals_changed",
    "tsunagu.app.scoring.actions.rescore_deals",
]
# Called after new scores were written, with a list of the deals' ids; dotted names.
DEALS_SCORED: list[str] = ["tsunagu.app.interruptions.looking.deals_scored"]

# What the timeline of a case is made of, dotted names of sources
# (tsunagu.app.rooms.timeline.Source). Of equal instants the later name stands above.
CASE_TIMELINE: list[str] = [
    "tsunagu.app.rooms.sources.FACTS",
    "tsunagu.app.rooms.sources.SIGNALS",
    "tsunagu.app.rooms.sources.STEPS",
    "tsunagu.app.rooms.sources.FINDINGS",
    "tsunagu.app.rooms.sources.INQUIRIES",
    "tsunagu.app.rooms.sources.REPLIES",
    "tsunagu.app.rooms.sources.COMMENTS",
    "tsunagu.app.rooms.sources.TEAM_DECISIONS",
    "tsunagu.app.rooms.sources.FILES",
    "tsunagu.app.rooms.sources.QUESTIONS",
    "tsunagu.app.rooms.sources.ADVICES",
    "tsunagu.app.playbooks.timeline.STEPS",
]

# The lists that can be exported, dotted names (tsunagu.app.listing.Listed).
EXPORTS: list[str] = [
    "tsunagu.app.today.listed.TODAY",
    "tsunagu.app.today.listed.TEAM",
    "tsunagu.app.interruptions.listed.INBOX",
    "tsunagu.app.interruptions.listed.CASES",
    "tsunagu.app.deals.listed.DEALS",
    "tsunagu.app.deals.listed.ACTIVITIES",
    "tsunagu.app.deals.listed.HISTORY",
    "tsunagu.app.deals.listed.PROCESSES",
    "tsunagu.app.deals.listed.CUSTOMERS_DEALS",
    "tsunagu.app.deals.listed.CUSTOMERS_COURSE",
    "tsunagu.app.customers.listed.CUSTOMERS",
    "tsunagu.app.customers.listed.CONTACTS",
    "tsunagu.app.playbooks.listed.TASKS",
    "tsunagu.app.playbooks.listed.PLAYBOOKS",
    "tsunagu.app.playbooks.listed.VERSIONS",
    "tsunagu.app.knowledge.listed.LESSONS",
    "tsunagu.app.knowledge.listed.IMPROVEMENTS",
    "tsunagu.app.knowledge.listed.DUE",
    "tsunagu.app.rooms.listed.NOTICES",
    "tsunagu.app.outlook.listed.TARGETS",
    "tsunagu.app.exchange.listed.IMPORTS",
    "tsunagu.app.exchange.listed.PROBLEMS",
    "tsunagu.app.webhooks.listed.ENDPOINTS",
    "tsunagu.app.webhooks.listed.MESSAGES",
    "tsunagu.app.organisation.listed.PEOPLE",
    "tsunagu.app.organisation.listed.TEAMS",
]

# Hosts to which webhooks may go though they lie in a private network: a program beside this one.
WEBHOOK_PRIVATE_HOSTS = frozenset(
    h for h in os.environ.get("WEBHOOK_PRIVATE_HOSTS", "").split(",") if h
)

# Security. Behind https (TSUNAGU_URL) cookies travel encrypted only.
SESSION_COOKIE_NAME = "tsunagu"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = HTTPS
# Whoever watches the server asks it directly, without the proxy that speaks https.
SECURE_REDIRECT_EXEMPT = [r"^health/$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Whether subdomains follow and browsers preload the rule is the domain owner's choice, not ours.
# Apps on one's own machine come back by http: api.oauth lets no other address be registered so.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021", "oauth2_provider.W008"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if ALLAUTH_TRUSTED_PROXY_COUNT else None
)
X_FRAME_OPTIONS = "DENY"

EMAIL_BACKEND = os.environ.get("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
EMAIL_HOST = os.environ.get("EMAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = _flag("EMAIL_USE_TLS")
MAIL_IS_SET_UP = "EMAIL_BACKEND" in os.environ
EMAIL_TIMEOUT = 30  # seconds; a mail server that says nothing must not hold a worker
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "tsunagu@localhost")
# Mails to customers; answers go to whoever wrote, unless an address for all is named.
MAIL_FROM = os.environ.get("MAIL_FROM", DEFAULT_FROM_EMAIL)
MAIL_REPLY_TO = os.environ.get("MAIL_REPLY_TO", "")

# Requests' bodies, queries with their values and cookies are never logged.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "tsunagu": {"level": os.environ.get("LOG_LEVEL", "INFO")},
    },
}
