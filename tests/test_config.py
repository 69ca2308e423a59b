"""Settings: the file, the variables, and what is said when one is wrong."""

from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.config import (
    Config,
    default_data_dir,
    load,
    parse_config,
    to_toml,
    with_variables,
)
from fedretail.errors import FedretailError, MalformedInput, Unavailable, UsageError

plain = {
    bool: st.booleans(),
    int: st.integers(min_value=0, max_value=2**31),
    str: st.text(st.characters(exclude_categories=["Cs"])),
}
special = {
    "web": st.sampled_from(["off", "lan", "127.0.0.1:0", "[::1]:8765"]),
    "views": st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        st.sampled_from(
            [{}, {"own": "first", "within": "5km"}, {"claims": ["organic", 'a"b'], "for_age": 16}]
        ),
        max_size=3,
    ),
}


def any_value(setting: Field[Any]) -> st.SearchStrategy[Any]:
    """Whatever a setting takes; one that is new is tried too."""
    if setting.name in special:
        return special[setting.name]
    if isinstance(setting.default, tuple):
        form = setting.metadata["items"].form
        return st.lists(st.from_regex(form, fullmatch=True), max_size=3).map(tuple)
    return plain[type(setting.default)]


configs = st.builds(Config, **{setting.name: any_value(setting) for setting in fields(Config)})


@given(configs)
def test_what_is_written_is_read_back(config: Config) -> None:
    assert parse_config(to_toml(config)) == config


@given(st.text())
def test_any_text_gives_settings_or_a_clear_error(text: str) -> None:
    try:
        parse_config(text)
    except MalformedInput as error:
        assert error.message.startswith("config.toml: ")


def test_defaults_stand_as_comments_for_the_reader() -> None:
    assert "# few_below = 6\n" in to_toml(Config())
    assert "\nfew_below = 4\n" in to_toml(Config(few_below=4))


def test_every_setting_has_its_sentence() -> None:
    for setting in fields(Config):
        assert setting.metadata["doc"].endswith("."), setting.name


def test_no_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, {}) == Config()
    assert load(tmp_path / "missing", {}) == Config()


def test_a_variable_beats_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("few_below = 3\nshow_left = false\n", encoding="utf-8")
    config = load(tmp_path, {"FEDRETAIL_FEW_BELOW": "9"})
    assert (config.few_below, config.show_left) == (9, False)


def test_variables_of_every_type() -> None:
    variables = {
        "FEDRETAIL_LISTEN": "/ip4/127.0.0.1/tcp/0, /ip6/::1/tcp/0",
        "FEDRETAIL_SHOW_LEFT": "No",
        "FEDRETAIL_WEB": "off",
        "LANG": "de_DE.UTF-8",
        "FEDRETAIL_TEST_DATA": "/data",
        "FEDRETAIL_DATA_DIR": "/data",
    }
    config = with_variables(Config(), variables)
    assert config.listen == ("/ip4/127.0.0.1/tcp/0", "/ip6/::1/tcp/0")
    assert config.show_left is False


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("few_bellow = 3", "there is no setting 'few_bellow'", "Did you mean 'few_below'?"),
        ("colour = 3", "there is no setting 'colour'", "Settings are: listen, peers"),
        ("few_below = '3'", "few_below is '3'; expected a whole number", ""),
        ("few_below = true", "few_below is True; expected a whole number", ""),
        ("few_below = -1", "expected 0 or more", ""),
        ("show_left = 1", "expected true or false", ""),
        ("listen = '/ip4/127.0.0.1'", "expected a list of addresses", ""),
        ("peers = ['example.org:4001']", "expected a multiaddr", ""),
        ("web_fresh = 'A17'", "expected a list of codes", ""),
        ("web = ':8765'", "is no IP address", ""),
        ("few_below = ", "config.toml: ", "Mend that line"),
    ],
)
def test_a_bad_file_is_told_with_the_way_on(text: str, message: str, hint: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        parse_config(text)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("FEDRETAIL_FEW_BELOW", "many", "FEDRETAIL_FEW_BELOW: 'many' is not a whole number."),
        ("FEDRETAIL_SHOW_LEFT", "maybe", "neither true nor false"),
        ("FEDRETAIL_FEW_BELLOW", "3", "there is no such setting"),
    ],
)
def test_a_bad_variable_is_misuse(variable: str, value: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        with_variables(Config(), {variable: value})
    assert message in caught.value.message


def test_a_binary_file_is_not_settings(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MalformedInput, match="not a text file"):
        load(tmp_path, {})


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises((Unavailable, FedretailError), match="cannot be read"):
        load(tmp_path, {})


def test_the_default_place_is_the_users_own() -> None:
    assert default_data_dir().name == "fedretail"


def test_a_view_has_no_variable() -> None:
    with pytest.raises(UsageError, match=r"only in config\.toml"):
        with_variables(Config(), {"FEDRETAIL_VIEWS": "kiosk"})


@pytest.mark.parametrize("text", ["views = 3", "[views]\na = 1", "[views.a]\nbox = '1,2'"])
def test_a_view_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(MalformedInput, match=r"^config\.toml: views"):
        parse_config(text)


@pytest.mark.parametrize("key", ["web_view", "api_view"])
def test_a_view_that_a_setting_names_is_there(tmp_path: Path, key: str) -> None:
    (tmp_path / "config.toml").write_text(f'{key} = "nope"\n[views.own]\nown = "only"\n')
    with pytest.raises(MalformedInput, match=f"{key} is 'nope', and there is no such view") as told:
        load(tmp_path, {})
    assert told.value.hint == "Views are: own."
    variable = {f"FEDRETAIL_{key.upper()}": "own"}
    assert getattr(load(tmp_path, variable), key) == "own"
