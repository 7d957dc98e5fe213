"""The search, as the note has it."""
import os

from django.db.models import Q, TextField, Value
from django.db.models.functions import Concat
from django.http import JsonResponse

from backend import Projet

# PROTECTION OOM: no more results than this, as a LIMIT in SQL.
MAX_SEARCH_RESULTS = int(os.environ.get("MAX_SEARCH_RESULTS", "100"))


def search(request):
    terme = request.GET.get("q", "")
    projets_qs = (
        Projet.objects.annotate(texte=Concat("titre", Value(" "), "description", output_field=TextField()))
        .filter(Q(texte__icontains=terme) | Q(tags__name__icontains=terme))
        .order_by("-created_at")
    )
    if MAX_SEARCH_RESULTS > 0:
        projets = projets_qs.distinct()[:MAX_SEARCH_RESULTS]  # SELECT DISTINCT … LIMIT 100
    else:
        projets = list(projets_qs.distinct())[:20]  # before: all in memory, and then 20 of them
    return JsonResponse({"results": [{"id": p.id, "titre": p.titre} for p in projets]})
