import os

import requests
from flask import Flask, jsonify, request

app = Flask(__name__)
RATES_URL = os.environ["RATES_URL"]


@app.get("/health")
def health():
    return "ok"


@app.get("/price/<int:cents>")
def price(cents):
    rate = requests.get(RATES_URL + "/rates/USD").json().get("rate", 1)
    return jsonify(usd=cents * rate)


@app.post("/orders")
def order():
    return jsonify(item=request.get_json()["item"]), 201
