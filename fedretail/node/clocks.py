"""The time that ages and dated prices are told by, and whether this computer can know it."""

from fedretail.clock import Clock
from fedretail.crdt.head import SignedHead
from fedretail.crdt.stamp import MATURITY_MS
from fedretail.domain.times import to_datetime
from fedretail.errors import Refused
from fedretail.store.store import Store

# Less than that between computers is ordinary, and no price hangs on it.
TOLERATED_MS = 2 * 60 * 1000
# A wrong day or time zone is mended. Neighbours who say that it is another year may be strangers in
# league: believed, they would make every price seem ended and every shop silent.
MAX_CORRECTED_MS = 26 * 3600 * 1000


class CorrectedClock:
    """This computer's clock, put right by its neighbours' where it is off by minutes or hours."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # How far this computer's clock is behind, by the median of its neighbours.
        self.offset_ms = 0

    def now_ms(self) -> int:
        """The corrected time, in milliseconds since 1970."""
        is_off = TOLERATED_MS < abs(self.offset_ms) <= MAX_CORRECTED_MS
        return self._clock.now_ms() + (self.offset_ms if is_off else 0)


def wrong_clock(store: Store, owner: bytes | None, now_ms: int) -> Refused | None:
    """What to say where this time is earlier than what `owner` has signed; None: it is not.

    Such entries are not in force yet: what is asked for seems not to be there, and whoever adds it
    again has it twice. As much is tolerated as stamps may be ahead.
    """
    signed = (SignedHead.parse(raw).head for _, name, raw in store.heads() if name.owner == owner)
    if max((head.stamp for head in signed), default=0) <= now_ms + MATURITY_MS:
        return None
    now = to_datetime(now_ms).astimezone()
    return Refused(
        f"This computer's clock says {now.day} {now:%B %Y, %H:%M}; this shop's own entries are "
        "later.",
        hint="Set the clock right first.\n"
        "If it is right and ran ahead before, `fedretail serve` puts the entries right.",
    )
