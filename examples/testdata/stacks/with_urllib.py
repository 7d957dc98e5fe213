import urllib.request

request = urllib.request.Request("https://api.payments.example/v1/charges", data=b"{}", method="POST")
with urllib.request.urlopen(request, timeout=5) as answer:
    assert answer.status == 201, answer.status
