"""Prices in other currencies: one web process, one outside API of exchange rates.

Environment: HOST, PORT, RATES_URL (the outside API), RATES_TIMEOUT (seconds that it may
take; 0, the default, is for ever). With a timeout, a rate that does not come in time is
the last one that is known.
"""
import json
import os
import urllib.request

from flask import Flask, jsonify

RATES_URL = os.environ["RATES_URL"]
TIMEOUT = float(os.environ.get("RATES_TIMEOUT", "0")) or None

app = Flask(__name__)
last = {}


@app.get("/health")
def health():
    return "ok"


@app.get("/price/<int:cents>/<currency>")
def price(cents, currency):
    try:
        with urllib.request.urlopen(f"{RATES_URL}/rates/{currency}", timeout=TIMEOUT) as answer:
            rate = last[currency] = json.load(answer)["rate"]
    except OSError:  # refused, too late, an answer that is an error
        rate = last.get(currency)
        if rate is None:
            return jsonify(error="no rate is known"), 503, {"Retry-After": "1"}
    return jsonify(cents=round(cents * rate), currency=currency)


if __name__ == "__main__":
    app.run(os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000")), threaded=True)
