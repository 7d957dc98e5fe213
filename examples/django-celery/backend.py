"""The service that a note about timeouts and memory was written of, in its own stack:
Django's ORM behind gunicorn, Celery on Redis, `requests` for the oracles and the mail. What
the note protects is here as the note has it, gaps included; each protection is a variable,
so that *before* can be had.

    python3 backend.py migrate            makes the tables
    python3 backend.py seed 10000         so many projects, and oracles for seven of them
    gunicorn backend:web                  answers GET /api/search/ and GET /api/projects/ID/impact/,
                                          POST /api/tasks/ and GET /api/tasks/ID/
    celery --app backend worker           sends the mail

Environment: DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD, SECRET_KEY, REDIS_URL, MAIL_URL,
MAIL_FROM, and the protections

    MAX_SEARCH_RESULTS=100          results that a search loads; 0 loads all, and cuts then
    MAX_ORACLES_PER_PROJECT=10      oracles that are asked; 0 asks all
    DEFAULT_API_TIMEOUT=10          seconds for a call, the mail's too; 0 waits for ever
    CATCH_ORACLE_ERRORS=1           an oracle that fails is an error beside the others; 0 fails the whole answer
    MAX_RETRIES_TASKS=3             retries of a task; 0 tries again for ever
    RETRY_ONLY_TEMPORARY_ERRORS=1   others end a task; 0 tries again whatever it was
    NETWORK_ERRORS=python           which may pass: those that the note names, of which none is ever raised, or
                                    those that it means: requests
    RETRY_COUNTDOWN=60              seconds before a retry, doubled each time; before always the same
    VISIBILITY_TIMEOUT=3600         seconds until Redis gives the task of a silent worker to another: Celery's own
"""
import os
import sys

import django
from celery import Celery
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.http import JsonResponse
from django.urls import path

sys.modules.setdefault("backend", sys.modules[__name__])  # also where it is the program
env = os.environ
settings.configure(
    SECRET_KEY=env["SECRET_KEY"],
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": {
        "ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 60,
        "HOST": env["DB_HOST"], "PORT": env["DB_PORT"], "NAME": env["DB_NAME"],
        "USER": env["DB_USER"], "PASSWORD": env["DB_PASSWORD"],
    }},
)
django.setup()

app = Celery("backend", broker=env["REDIS_URL"], backend=env["REDIS_URL"])
app.conf.update(
    task_track_started=True, result_extended=True,  # what became of a task, and after how many retries
    broker_transport_options={"visibility_timeout": float(env.get("VISIBILITY_TIMEOUT", "3600"))},
)


class Tag(models.Model):
    name = models.CharField(max_length=64, unique=True)

    class Meta:
        app_label = "core"


class Projet(models.Model):
    titre = models.CharField(max_length=200)
    description = models.TextField()
    tags = models.ManyToManyField(Tag)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "core"


class Oracle(models.Model):
    projet = models.ForeignKey(Projet, on_delete=models.CASCADE)
    oracle_id = models.CharField(max_length=64)
    api_endpoint = models.CharField(max_length=200, default="")
    position = models.IntegerField()

    class Meta:
        app_label = "core"


def migrate():
    with connection.schema_editor() as editor:
        for model in (Tag, Projet, Oracle):
            editor.create_model(model)


# Projects with outside APIs: how many each has.
ORACLES = {1: 100, 2: 10, 3: 10, 4: 100, 5: 11, 6: 1000, 7: 10000}


def seed(count):
    with connection.cursor() as cursor:
        cursor.execute("insert into core_tag (name) select 'tag ' || n from generate_series(1, 20) as n")
        cursor.execute("""
            insert into core_projet (titre, description, created_at)
            select 'Projet ' || n,
                   repeat('Un projet solidaire de quartier. ', 20) || case when n %% 50 = 0 then 'zephyrine ' else '' end
                   || case when n %% 500 = 3 then 'remise de 100%% ' else '' end || case when n = 4242 then 'zircobaltique' else '' end,
                   timestamptz '2025-01-01' + n * interval '1 minute'
            from generate_series(1, %s) as n""", [count])
        cursor.execute("insert into core_projet_tags (projet_id, tag_id) select p.id, t.id from core_projet p, core_tag t where (p.id + t.id) %% 7 = 0", [])
        for projet, oracles in ORACLES.items():
            cursor.execute("""
                insert into core_oracle (projet_id, oracle_id, api_endpoint, position)
                select %s, 'oracle-' || n, '', n from generate_series(1, %s) as n""", [projet, oracles])
        cursor.execute("analyze")


from search_views import search  # noqa: E402  they need the models
from impact_oracles import impact  # noqa: E402
import tasks  # noqa: E402

urlpatterns = [
    path("health/", lambda request: JsonResponse({"ok": True})),
    path("api/search/", search),
    path("api/projects/<int:projet_id>/impact/", impact),
    path("api/tasks/", tasks.enqueue),
    path("api/tasks/<str:task_id>/", tasks.state),
]
web = get_wsgi_application()

if __name__ == "__main__":
    if sys.argv[1] == "migrate":
        migrate()
    elif sys.argv[1] == "seed":
        seed(int(sys.argv[2]))
