"""Who this node is: its member, its device, and as whom it signs."""

from dataclasses import dataclass

from fedretail.crdt.keys import SigningKey
from fedretail.domain.geo import area
from fedretail.domain.sites import Site
from fedretail.errors import Refused, Unavailable
from fedretail.node.keyring import Keyring
from fedretail.p2p.address import peer_id_of
from fedretail.store.commits import Author
from fedretail.store.store import Store


@dataclass(frozen=True, slots=True)
class Identity:
    """The node's keys and names; owner is None for a reader.

    store_id: 16 bytes that tell this store from a copy that runs elsewhere.
    """

    owner: bytes | None
    device: SigningKey
    incarnation: int
    store_id: bytes

    @classmethod
    def of(cls, store: Store, keys: Keyring) -> "Identity":
        """The identity that the store and the keys say together.

        Refused where the keys belong to another store; Unavailable where `init` was cut off.
        """
        device = store.meta("device")
        if device is None:
            hint = "Remove that folder, then run `fedretail init` again."
            raise Unavailable(f"{store.path.parent} was never set up to its end.", hint=hint)
        if device != keys.device.public:
            hint = "Put the keys file of this very data directory back."
            raise Refused("The keys here belong to another store.", hint=hint)
        return cls(
            store.meta("owner"), keys.device, store.meta("incarnation"), bytes.fromhex(store.id)
        )

    @property
    def peer_id(self) -> str:
        """The name of this device among neighbours."""
        return peer_id_of(self.device.public)

    def author(self, site: Site | None = None) -> Author:
        """As whom this node commits; `site` gives the head its area.

        Refused for a reader, which publishes nothing.
        """
        if self.owner is None:
            hint = "A shop is made with `fedretail --data-dir NEW init --name ... --at ...`."
            raise Refused("This node is a reader; it publishes nothing.", hint=hint)
        place = None
        if site is not None and site.position is not None:
            place = area(site.position)
        return Author(self.owner, self.device, self.incarnation, place)
