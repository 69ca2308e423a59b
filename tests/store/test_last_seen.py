"""When all collections were last signed, brought up to date, is what each says alone."""

from pathlib import Path

from fedretail.testing import builders
from fedretail.testing.builders import offer_edits, shop_store
from fedretail.testing.clock import ManualClock


def test_what_moved_is_read_alone_and_the_rest_kept(tmp_path: Path) -> None:
    shop, clock = builders.shop(), ManualClock()
    store = shop_store(tmp_path, shop, clock=clock)
    author = shop.author()
    first = store.all_seen(None)
    seen = first
    for collection in ("site/aaaaaaaaaaaaaaaa", "site/bbbbbbbbbbbbbbbb", "site/aaaaaaaaaaaaaaaa"):
        clock.advance(60_000)
        store.commit(author, collection, offer_edits(range(2)))
        seen = store.all_seen(seen)
        alone = {key: store.seen_at(*key) for key in seen.at}
        assert seen.at == alone
        assert seen.at == store.all_seen(None).at
        assert seen.at[shop.owner, collection] == clock.now_ms()
    assert set(seen.changed) == {(shop.owner, "site/aaaaaaaaaaaaaaaa")}
    assert store.all_seen(seen) is seen
    store.close()
