"""A server of files with a certificate that this test run trusts, and pictures to serve."""

import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class TlsServer:
    """Answers https on this computer. requests: the heads of those that came, in order."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self.requests: list[bytes] = []
        # Path -> the whole answer as it is sent.
        self.answers: dict[str, bytes] = {}
        self.port = 0

    def url(self, path: str, host: str = "localhost") -> str:
        return f"https://{host}:{self.port}{path}"

    def serve(self, path: str, body: bytes, *, status: str = "200 OK", head: str = "") -> str:
        """Its URL."""
        text = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{head}\r\n"
        self.answers[path] = text.encode() + body
        return self.url(path)

    def redirect(self, path: str, to: str) -> str:
        return self.serve(path, b"", status="302 Found", head=f"Location: {to}\r\n")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with trio.open_nursery() as nursery:
            serve = partial(trio.serve_ssl_over_tcp, self._answer, 0, self._context)
            (listener, *_) = await nursery.start(partial(serve, host="127.0.0.1"))
            self.port = listener.transport_listener.socket.getsockname()[1]
            yield
            nursery.cancel_scope.cancel()

    async def _answer(self, stream: trio.SSLStream) -> None:
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


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the key and the certificate of "localhost" and "shop.example"."""
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
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where an administrator has added this certificate to those of the computer."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@pytest.fixture
def server(certificate: Path) -> TlsServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return TlsServer(context)
