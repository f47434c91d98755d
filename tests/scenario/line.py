"""The line between a device and its server in the hands of somebody who can do anything with it but break TLS... which he has done
as well: he holds the server's TLS key, so the device's pin is no help. Only signatures and the chain are left."""
import http.client
import http.server
import ssl
import threading
import traceback


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.reply(*self.server.line.carry(self.path, body))

    def do_GET(self):
        self.server.line.fetched += 1
        self.reply(*self.server.line.forward("GET", self.path, None))

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """The scenario tells its own story."""


class Line:
    """Listens where the device looks for its server and carries each request to the real one, by way of `trick(send, body)`: it
    returns what the device gets as (status, body), and `send(body)` is a check-in with the real server."""

    def __init__(self, near, far, data):
        self.far, self.trick = far, None
        self.checkins = []  # (request, answer) as they were carried
        self.failures = []  # of a trick
        self.fetched = 0  # set files that a device has asked for
        self.listener = http.server.ThreadingHTTPServer(("127.0.0.1", near), Handler)
        self.listener.line = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(data / "tls.crt", data / "tls.key")
        self.listener.socket = context.wrap_socket(self.listener.socket, server_side=True)
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()

    def carry(self, path, body):
        if path != "/v1/checkin" or self.trick is None:
            return self.forward("POST", path, body)
        try:
            return self.trick(lambda sent: self.forward("POST", path, sent), body)
        except Exception:  # on the listener's thread: the scenario looks at it
            self.failures.append(traceback.format_exc())
            return 502, b""

    def forward(self, method, path, body):
        trusting = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("127.0.0.1", self.far, timeout=30, context=trusting)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            result = answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 502, b""
        finally:
            connection.close()
        if path == "/v1/checkin" and result[0] == 200:
            self.checkins.append((body, result[1]))
        return result

    def close(self):
        self.listener.shutdown()
        self.listener.server_close()
