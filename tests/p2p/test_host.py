"""The acceptance suite over real sockets."""

import pytest

from fedretail.p2p.host import Libp2pTransport
from fedretail.p2p.transport import Transport
from fedretail.testing.transport_acceptance import TransportAcceptance


@pytest.mark.process
class TestLibp2p(TransportAcceptance):
    many = 300  # Yamux has 256 places for streams.

    def build(self, seed: bytes) -> Transport:
        return Libp2pTransport(seed, ["/ip4/127.0.0.1/tcp/0"], limits=self.limits)
