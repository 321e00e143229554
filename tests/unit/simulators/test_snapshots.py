"""States as canonical lines: written, remembered, and compared without holding them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.simulators.snapshots import Record, Shelf, differences, in_pieces, spooled

STATES = st.dictionaries(
    st.tuples(st.sampled_from("ab"), st.integers(1, 30)),
    st.dictionaries(st.sampled_from("xyz"), st.integers(0, 3)),
)
State = dict[tuple[str, int], dict[str, int]]


def records(state: State) -> list[Record]:
    return [Record(kind, number, state[kind, number]) for kind, number in sorted(state)]


@given(before=STATES, after=STATES)
def test_a_diff_turns_one_state_into_the_other(before: State, after: State) -> None:
    found: dict[tuple[str, int], Any] = dict(before)
    for line in differences(spooled(records(before)), spooled(records(after))):
        row = json.loads(line)
        place = row["kind"], row["id"]
        if row["change"] == "removed":
            assert found.pop(place) == row["record"]
        elif row["change"] == "added":
            assert place not in found
            found[place] = row["record"]
        else:
            changed = {name: pair["to"] for name, pair in row["fields"].items()}
            merged = {**found[place], **changed}
            found[place] = {name: value for name, value in merged.items() if name in after[place]}
    assert found == after


def test_equal_states_have_no_differences() -> None:
    state = [Record("a", 1, {"x": "å"}), Record("b", "k", [1, None])]
    assert list(differences(spooled(state), spooled(state))) == []


def test_a_line_is_canonical() -> None:
    (line,) = spooled([Record("persons", 1, {"b": 1.5, "a": "\ud800å"})])
    assert line == '{"id":1,"kind":"persons","record":{"a":"\ud800å","b":1.5}}\n'.encode(
        "utf-8", "surrogatepass"
    )


def test_records_come_one_at_a_time() -> None:
    taken = []

    def many() -> Any:
        for number in range(5_000):
            taken.append(number)
            yield Record("a", number, {"text": "x" * 200})

    lines = spooled(many())
    assert len(taken) == 5_000
    assert sum(len(piece) for piece in in_pieces(lines)) > 1_000_000


@pytest.mark.parametrize("folder", [None, "kept"])
def test_a_state_is_remembered_by_name(tmp_path: Path, folder: str | None) -> None:
    shelf = Shelf(tmp_path / folder if folder else None)
    assert shelf.keep("one", [Record("a", 1, {})]) == 1
    assert shelf.keep("one", [Record("a", 1, {}), Record("a", 2, {})]) == 2
    assert (shelf.names(), len(list(shelf.read("one")))) == (["one"], 2)
    assert (tmp_path / "kept").exists() == bool(folder)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a" * 65, "å"])
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        Shelf(None).keep(name, [])


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    shelf = Shelf(None)
    shelf.keep("one", [])
    with pytest.raises(ValueError, match=r"no snapshot two; remembered are: one\."):
        shelf.read("two")
