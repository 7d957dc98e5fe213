import os
from urllib.parse import urlparse

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["*"]
LOGGING_CONFIG = None  # else a mail is written about each error, for nobody
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["shop"]
dsn = urlparse(os.environ["DATABASE_URL"])
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": dsn.path[1:],
        "USER": dsn.username,
        "PASSWORD": dsn.password,
        "HOST": dsn.hostname,
        "PORT": dsn.port,
        "OPTIONS": {"sslmode": "disable"},
    }
}
