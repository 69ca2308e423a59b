"""Files that are whole or as they were, whatever happens on the way."""

from pathlib import Path

import pytest

from fedretail.files import whole_file


def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with whole_file(target, encoding="utf-16-le", newline="\r\n") as file:
        file.write("ä\n")
        assert not target.exists()
    assert target.read_bytes() == "ä\r\n".encode("utf-16-le")


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, ValueError])
def test_what_was_there_stays_where_something_fails(
    tmp_path: Path, error: type[BaseException]
) -> None:
    target = tmp_path / "a.txt"
    target.write_text("before", encoding="utf-8")

    def fail_midway() -> None:
        with whole_file(target) as file:
            file.write("half")
            raise error

    with pytest.raises(error):
        fail_midway()
    assert target.read_text("utf-8") == "before"
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_is_replaced_and_what_it_leads_to_is_not(tmp_path: Path) -> None:
    other, link = tmp_path / "other", tmp_path / "link"
    other.write_text("theirs", encoding="utf-8")
    link.symlink_to(other)
    with whole_file(link) as file:
        file.write("ours")
    assert (other.read_text("utf-8"), link.read_text("utf-8")) == ("theirs", "ours")
    assert not link.is_symlink()
