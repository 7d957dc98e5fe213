"""The oracles of a project, as the note has them: one after the other, ten at most, each with
a timeout, and an error of one is told beside the others' answers."""
import logging
import os

import requests
from django.http import JsonResponse
from requests.exceptions import RequestException, Timeout

from backend import Oracle, Projet

logger = logging.getLogger(__name__)

# PROTECTION TIMEOUT: no more active oracles than this; seconds for a call.
MAX_ORACLES_PER_PROJECT = int(os.environ.get("MAX_ORACLES_PER_PROJECT", "10"))
DEFAULT_API_TIMEOUT = float(os.environ.get("DEFAULT_API_TIMEOUT", "10")) or None
CATCH_ORACLE_ERRORS = os.environ.get("CATCH_ORACLE_ERRORS", "1") == "1"


class OracleError(Exception):
    """The outside API did not answer, or not well."""


def fetch_impact_data(oracle):
    try:
        response = requests.get(oracle.api_endpoint, timeout=DEFAULT_API_TIMEOUT)
        response.raise_for_status()
        body = response.json()
    except Timeout:
        raise OracleError("Timeout lors de l'appel API externe")
    except RequestException as e:
        raise OracleError(f"Erreur réseau: {type(e).__name__}")
    return {"tonnes_co2": round(body["data"]["co2_kg"] / 1000, 3), "beneficiaires": body["data"]["beneficiaries"]}


def fetch_all_oracles_data(projet_id, active_oracles):
    if 0 < MAX_ORACLES_PER_PROJECT < len(active_oracles):
        logger.warning(
            f"Projet {projet_id} a {len(active_oracles)} oracles actifs (> {MAX_ORACLES_PER_PROJECT}), "
            f"traitement limité à {MAX_ORACLES_PER_PROJECT}"
        )
        active_oracles = active_oracles[:MAX_ORACLES_PER_PROJECT]
    results = {}
    for oracle in active_oracles:
        if not CATCH_ORACLE_ERRORS:
            results[oracle.oracle_id] = {"status": "ok", "data": fetch_impact_data(oracle)}
            continue
        try:
            results[oracle.oracle_id] = {"status": "ok", "data": fetch_impact_data(oracle)}
        except OracleError as e:
            logger.warning(f"Erreur Oracle '{oracle.oracle_id}' pour le projet {projet_id}: {e}")
            results[oracle.oracle_id] = {"status": "error", "error": str(e)}
        except Exception as e:
            logger.error(f"Erreur inattendue oracle '{oracle.oracle_id}': {e}")
            results[oracle.oracle_id] = {"status": "error", "error": str(e)}
    return results


def impact(request, projet_id):
    if not Projet.objects.filter(pk=projet_id).exists():
        return JsonResponse({"error": "projet introuvable"}, status=404)
    active_oracles = list(Oracle.objects.filter(projet_id=projet_id).order_by("position"))
    return JsonResponse({"projet": projet_id, "actifs": len(active_oracles), "resultats": fetch_all_oracles_data(projet_id, active_oracles)})
