"""Sealed credentials: they open with their key and on their row only, and the sealed text tells nothing."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from migrator.engine.errors import ConfigurationError
from migrator.sealing import seal, unseal

SECRET = "a-secret-of-APSIS-One"
OLD, NEW = "0123456789abcdef" * 2, "fedcba9876543210" * 2


@pytest.fixture(autouse=True)
def keys(settings: Any) -> Any:
    settings.CROSSWALK_SECRET_KEYS = [OLD]
    return settings


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.text())
def test_what_was_sealed_opens_again(secret: str, row: str) -> None:
    try:
        secret.encode()
        row.encode()
    except UnicodeEncodeError:
        return
    assert unseal(seal(secret, bound_to=row), bound_to=row) == secret


def test_the_sealed_text_does_not_hold_the_secret() -> None:
    assert SECRET not in seal(SECRET, bound_to="connection:1")


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    assert seal(SECRET, bound_to="connection:1") != seal(SECRET, bound_to="connection:1")


def test_a_secret_that_was_moved_to_another_row_does_not_open() -> None:
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        unseal(seal(SECRET, bound_to="connection:1"), bound_to="connection:2")


def test_after_a_rotation_the_old_key_still_reads_and_the_new_one_writes(keys: Any) -> None:
    old = seal(SECRET, bound_to="row")
    keys.CROSSWALK_SECRET_KEYS = [NEW, OLD]
    assert unseal(old, bound_to="row") == SECRET
    new = seal(SECRET, bound_to="row")
    keys.CROSSWALK_SECRET_KEYS = [NEW]
    assert unseal(new, bound_to="row") == SECRET
    with pytest.raises(ConfigurationError, match="Add the key it was saved with"):
        unseal(old, bound_to="row")


def _flipped(sealed: str) -> str:
    head, _, body = sealed.rpartition(":")
    return f"{head}:{'B' if body[0] == 'A' else 'A'}{body[1:]}"


DAMAGED = {
    "one letter is changed": _flipped,
    "the end is cut off": lambda sealed: sealed[:-8],
    "a part is missing": lambda sealed: sealed.rpartition(":")[0],
    "the key is another": lambda sealed: sealed.replace(sealed.split(":")[1], "0" * 8),
    "it is no sealed text": lambda sealed: "plain",
    "it is empty": lambda sealed: "",
    "it is no base64": lambda sealed: ":".join([*sealed.split(":")[:3], "!"]),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_it_does_not_open_when(damage: Any) -> None:
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        unseal(damage(seal(SECRET, bound_to="row")), bound_to="row")


def test_a_format_of_another_version_is_named() -> None:
    with pytest.raises(ConfigurationError, match="unknown format"):
        unseal(seal(SECRET, bound_to="row").replace("v1", "v2", 1), bound_to="row")


@pytest.mark.parametrize(
    "act", [lambda: seal(SECRET, bound_to="row"), lambda: unseal("v1:a:b:c", bound_to="row")]
)
def test_without_a_key_it_says_what_to_set(keys: Any, act: Any) -> None:
    keys.CROSSWALK_SECRET_KEYS = []
    with pytest.raises(ConfigurationError, match="CROSSWALK_SECRET_KEYS is not set"):
        act()


def test_no_refusal_holds_the_secret_or_the_key() -> None:
    with pytest.raises(ConfigurationError) as caught:
        unseal(seal(SECRET, bound_to="row"), bound_to="other")
    assert SECRET not in str(caught.value)
    assert OLD not in str(caught.value)
