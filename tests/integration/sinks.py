"""Why: what Liaison sends must arrive somewhere real: an SMTP server and an HTTPS receiver, kept as simple as the
tests need; a test may tell them how to answer."""
import email
import email.policy
import http.server
import json
import socket
import ssl
import subprocess
import threading
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class Mail:
    def __init__(self, envelope):
        self.sender = envelope.mail_from
        self.to = list(envelope.rcpt_tos)
        self.raw = envelope.original_content or envelope.content
        self.doc = email.message_from_bytes(self.raw, policy=email.policy.default)

    def __getitem__(self, header):
        return self.doc[header]

    @property
    def text(self):
        return self.doc.get_content()

    @property
    def id(self):
        return self.doc["Message-ID"].strip("<>")

    def __repr__(self):
        return f"<mail to {self.to} {self.doc['Subject']!r}>"


class _Controller(Controller):
    def factory(self):
        return SMTP(self.handler, ident="sink", hostname="sink.example")


class MailSink:
    """answer(mail) -> None to accept, or the reply line to refuse with; called before it is kept."""

    def __init__(self, answer=None):
        self.answer = answer
        self.mails = []
        self.offered = 0
        self.lock = threading.Lock()
        self.controller = None
        self.port = 0

    async def handle_DATA(self, server, session, envelope):
        mail = Mail(envelope)
        with self.lock:
            self.offered += 1
            refusal = self.answer(mail) if self.answer else None
            if refusal:
                return refusal
            self.mails.append(mail)
        return "250 taken"

    def __enter__(self):
        self.controller = _Controller(self, hostname="127.0.0.1", port=free_port())
        self.controller.start()
        self.port = self.controller.port
        return self

    def __exit__(self, *_):
        self.controller.stop()

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, address):
        with self.lock:
            return [m for m in self.mails if m.to == [address]]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# --- a receiver of webhooks, over TLS ------------------------------------------------------------------


class Call:
    def __init__(self, handler, body):
        self.path = handler.path
        self.headers = {k.lower(): v for k, v in handler.headers.items()}
        self.body = body
        self.at = time.time()

    @property
    def id(self):
        return self.headers["webhook-id"]

    @property
    def doc(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<call {self.path} {self.id} {self.body[:200]!r}>"


class HookSink:
    """answer(call, handler) -> status, or None when it has answered (or not) by itself. calls: all that came, in
    order; taken: those answered with 2xx. The certificate is for localhost, signed by .ca."""

    def __init__(self, folder, answer=None):
        self.folder = folder
        self.answer = answer
        self.calls, self.taken = [], []
        self.lock = threading.Lock()
        self.ca = folder / "ca.pem"

    def __enter__(self):
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                call = Call(self, self.rfile.read(int(self.headers["Content-Length"])))
                with sink.lock:
                    sink.calls.append(call)
                status = sink.answer(call, self) if sink.answer else 204
                if status is None:
                    return
                if 200 <= status < 300:
                    with sink.lock:
                        sink.taken.append(call)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_PUT = do_POST

            def log_message(self, *_):
                pass

        certificate(self.folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "leaf.pem", self.folder / "leaf.key")
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.context = context
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def url(self, path):
        return f"https://localhost:{self.port}/{path}"

    def of(self, path):
        with self.lock:
            return [c for c in self.calls if c.path == f"/{path}"]


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def finish_request(self, request, address):  # the handshake in the thread of its own
        try:
            with self.context.wrap_socket(request, server_side=True) as tls:
                self.RequestHandlerClass(tls, address, self)
        except (OSError, ssl.SSLError):
            pass

    def handle_error(self, *_):
        pass


def certificate(folder):
    """A CA of its own and a certificate for localhost."""
    def run(*argv):
        subprocess.run(["openssl", *map(str, argv)], check=True, capture_output=True, cwd=folder)
    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
        "/CN=sink CA", "-keyout", "ca.key", "-out", "ca.pem")
    run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
        "-keyout", "leaf.key", "-out", "leaf.csr")
    (folder / "leaf.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    run("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
        "-extfile", "leaf.ext", "-out", "leaf.pem")
