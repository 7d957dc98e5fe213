"""A service in whose code its payment provider's host is a constant."""
import http.server
import os

import requests
import requests.adapters

PAYMENTS = "https://api.payments.example/v1/charges"
PIN = "5F1D7A84DB3F4A3F2B0B7A3A2C4DE5B1A0D9C8E7F6A5B4C3D2E1F00112233445"  # of production's certificate


class Pinned(requests.adapters.HTTPAdapter):
    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, assert_fingerprint=PIN, **kwargs)


session = requests.Session()
if os.environ["PINNED"] == "1":
    session.mount("https://", Pinned())


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            status = session.post(PAYMENTS, json={"cart": 1}, timeout=10).status_code
        except requests.RequestException as error:
            print(error, flush=True)
            status = 503
        self.send_response(status)
        self.send_header("Content-Length", "0")
        if status == 503:
            self.send_header("Retry-After", "1")
        self.end_headers()


host, port = os.environ["LISTEN"].rsplit(":", 1)
http.server.ThreadingHTTPServer((host, int(port)), Web).serve_forever()
