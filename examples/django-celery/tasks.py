"""Mail behind the answers, as the note has it: Celery on Redis, `requests` to the mail API,
temporary errors tried again three times at most, all others given up at once."""
import json
import logging
import os

import requests
from django.http import JsonResponse

from backend import app
from impact_oracles import DEFAULT_API_TIMEOUT

logger = logging.getLogger(__name__)

# PROTECTION RETRY: no more retries than this; only errors that may pass are tried again.
MAX_RETRIES_TASKS = int(os.environ.get("MAX_RETRIES_TASKS", "3"))
RETRY_ONLY_TEMPORARY_ERRORS = os.environ.get("RETRY_ONLY_TEMPORARY_ERRORS", "1") == "1"
RETRY_COUNTDOWN = float(os.environ.get("RETRY_COUNTDOWN", "60"))
NETWORK_ERRORS = os.environ.get("NETWORK_ERRORS", "python")


def send(messages):
    mails = [{"from": os.environ["MAIL_FROM"], "to": [m["to"]], "subject": m["subject"], "text": m["body"]} for m in messages]
    response = requests.post(os.environ["MAIL_URL"] + "/emails/batch", json=mails, timeout=DEFAULT_API_TIMEOUT)
    response.raise_for_status()
    return [mail["id"] for mail in response.json()["data"]]


def temporary(exc):
    """The note has `except (ConnectionError, TimeoutError)`: Python's own classes, of which
    `requests` raises none. With NETWORK_ERRORS=requests it is what the note says of it in words."""
    if NETWORK_ERRORS == "python":
        return isinstance(exc, (ConnectionError, TimeoutError))
    status = getattr(getattr(exc, "response", None), "status_code", None)
    return isinstance(exc, requests.RequestException) and (status is None or status >= 500 or status in (408, 429))


def again(task, exc, countdown):
    if 0 < MAX_RETRIES_TASKS <= task.request.retries:
        logger.error("Nombre maximum de retries atteint pour batch emails")
        raise exc
    raise task.retry(exc=exc, countdown=countdown)


# Of itself Celery gives up after three retries. The note says that it never did.
@app.task(bind=True, max_retries=None)
def send_batch_email_task(self, messages):
    try:
        return send(messages)
    except Exception as exc:
        if not RETRY_ONLY_TEMPORARY_ERRORS:
            logger.error(f"Erreur lors de l'envoi du batch d'emails: {exc}")
            again(self, exc, RETRY_COUNTDOWN)
        if temporary(exc):
            logger.warning(f"Erreur temporaire réseau lors de l'envoi du batch d'emails: {exc}")
            again(self, exc, RETRY_COUNTDOWN * 2**self.request.retries)
        logger.error(f"Erreur permanente lors de l'envoi du batch d'emails: {exc}", exc_info=True)
        raise


def enqueue(request):
    task = send_batch_email_task.delay(json.loads(request.body)["messages"])
    return JsonResponse({"id": task.id}, status=202)


def state(request, task_id):
    meta = app.backend.get_task_meta(task_id)  # of a task that did not begin it has no retries
    return JsonResponse({"id": task_id, "state": meta["status"], "attempts": meta.get("retries", -1) + 1})
