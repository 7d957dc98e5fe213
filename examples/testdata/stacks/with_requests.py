import requests

answer = requests.post("https://api.payments.example/v1/charges", json={"cart": 1}, timeout=5)
assert answer.status_code == 201, answer.status_code
