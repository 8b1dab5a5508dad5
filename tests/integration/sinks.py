"""Why: what Liaison sends must arrive somewhere real: an SMTP server, kept as simple as the test needs. What
it accepted is in .mails, in order; a test may tell it how to answer."""
import email
import email.policy
import socket
import threading

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
