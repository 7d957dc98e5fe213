"""Orders that are confirmed by mail: a web process in Django behind gunicorn, a worker in
Celery over Redis, Postgres, and an outside API that sends mails.

    python3 shop.py migrate                    makes the table
    gunicorn shop:web                          answers POST /orders and GET /orders/ID
    celery --app shop worker                   sends the mails

Environment: DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD, REDIS_URL, MAIL_URL (the
outside API), SECRET_KEY, MAIL_RETRIES (how often a mail is tried again; 0, the default, is
not at all).
"""
import json
import os
import sys
import urllib.error
import urllib.request

import django
from celery import Celery
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, models, transaction
from django.http import JsonResponse
from django.urls import path

env = os.environ
settings.configure(
    SECRET_KEY=env["SECRET_KEY"],
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": {
        "ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 60,
        "HOST": env["DB_HOST"], "PORT": env["DB_PORT"], "NAME": env["DB_NAME"],
        "USER": env["DB_USER"], "PASSWORD": env["DB_PASSWORD"],
    }},
)
django.setup()

app = Celery("shop", broker=env["REDIS_URL"])
app.conf.update(task_ignore_result=True, worker_hijack_root_logger=False)


class Order(models.Model):
    number = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=16, default="new")

    class Meta:
        app_label = "shop"


class MailError(Exception):
    """The mail was not taken; it may be later."""


@app.task(bind=True, autoretry_for=(MailError,), max_retries=int(env.get("MAIL_RETRIES", "0")), default_retry_delay=1)
def confirm(self, number):
    body = json.dumps({"to": "customer@shop.example", "order": number}).encode()
    call = urllib.request.Request(env["MAIL_URL"] + "/emails", body, {
        "Content-Type": "application/json",
        "Idempotency-Key": number,  # a mail that is tried again is one mail
    })
    try:
        with urllib.request.urlopen(call, timeout=2):
            pass
    except OSError as error:  # refused, too late, or answered with an error
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the connection
        Order.objects.filter(number=number).update(state="failed")
        raise MailError(str(error)) from None
    Order.objects.filter(number=number).update(state="confirmed")


def create(request):
    number = json.loads(request.body)["number"]
    with transaction.atomic():
        Order.objects.create(number=number)
        transaction.on_commit(lambda: confirm.delay(number))
    return JsonResponse({"number": number}, status=202)


def show(request, number):
    order = Order.objects.get(number=number)
    return JsonResponse({"number": order.number, "state": order.state})


urlpatterns = [
    path("health", lambda request: JsonResponse({"ok": True})),
    path("orders", create),
    path("orders/<str:number>", show),
]
web = get_wsgi_application()

if __name__ == "__main__" and sys.argv[1:] == ["migrate"]:
    with connection.schema_editor() as editor:
        editor.create_model(Order)
