"""A server of files over TLS on this computer, with a certificate made for it."""

import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class TlsServer:
    """Answers https on this computer. requests: the heads of those that came, in order."""

    def __init__(self, certificate: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self.requests: list[bytes] = []
        # Path -> the whole answer as it is sent.
        self.answers: dict[str, bytes] = {}
        self.port = 0

    def url(self, path: str, host: str = "localhost") -> str:
        """Where a path is found; only while it runs."""
        return f"https://{host}:{self.port}{path}"

    def serve(self, path: str, body: bytes, *, status: str = "200 OK", head: str = "") -> str:
        """Answer at this path with the body; the URL."""
        text = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{head}\r\n"
        self.answers[path] = text.encode() + body
        return self.url(path)

    def redirect(self, path: str, to: str) -> str:
        """Lead on from this path; the URL."""
        return self.serve(path, b"", status="302 Found", head=f"Location: {to}\r\n")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Answer until the block ends."""
        async with trio.open_nursery() as nursery:
            serve = partial(trio.serve_ssl_over_tcp, self._answer, 0, self._context)
            listeners: Any = await nursery.start(partial(serve, host="127.0.0.1"))
            self.port = listeners[0].transport_listener.socket.getsockname()[1]
            yield
            nursery.cancel_scope.cancel()

    async def _answer(self, stream: trio.SSLStream[trio.SocketStream]) -> None:
        try:
            head = b""
            while b"\r\n\r\n" not in head and (data := await stream.receive_some(4096)):
                head += data
            self.requests.append(head)
            path = head.split(b" ")[1].decode() if head else ""
            await stream.send_all(self.answers.get(path, b"HTTP/1.1 404 Gone\r\n\r\n"))
        except (trio.BrokenResourceError, ssl.SSLError):
            pass
        finally:
            await trio.aclose_forcefully(stream)


def write_certificate(path: Path) -> None:
    """A key and the certificate of "localhost", 127.0.0.1 and "shop.example" into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.DNSName("shop.example")]
    names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
