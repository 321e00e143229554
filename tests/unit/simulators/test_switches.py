"""Settings are shown and changed by name, from JSON and from a command line."""

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from migrator.simulators.apsis_one.settings import ApsisSettings
from migrator.simulators.pipedrive.settings import PipedriveSettings
from migrator.simulators.switches import changed, parsed, shown


@dataclass(frozen=True, slots=True)
class Settings:
    on: bool = False
    seconds: float = 1.0
    number: int = 3
    text: str = "a"
    way: Literal["one", "two"] = "one"
    status: Literal[401, 403] = 401
    cap: int | None = None
    names: tuple[str, ...] = ()
    waits: tuple[float, ...] = (1.0,)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("on", "true", True),
        ("on", "False", False),
        ("seconds", "5", 5.0),
        ("seconds", "0.5", 0.5),
        ("number", "7", 7),
        ("text", "b c", "b c"),
        ("text", "5", "5"),
        ("way", "two", "two"),
        ("status", "403", 403),
        ("cap", "none", None),
        ("cap", "9", 9),
        ("names", "a", ("a",)),
        ("names", '["a", "b"]', ("a", "b")),
        ("waits", "[1, 2.5]", (1.0, 2.5)),
    ],
)
def test_a_word_of_the_command_line_becomes_the_switchs_own_type(name: str, text: str, value: Any) -> None:
    found = getattr(parsed(Settings(), {name: text}), name)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("on", 1, "on must be true or false, not 1"),
        ("seconds", -1, "seconds must be a number from 0, not -1"),
        ("seconds", float("inf"), "a number from 0"),
        ("number", 1.5, "number must be a whole number from 0, not 1.5"),
        ("number", True, "a whole number"),
        ("way", "three", 'way must be "one" or "two", not "three"'),
        ("cap", "many", "cap must be a whole number from 0 or nothing"),
        ("names", [1.5], "names must be a list of which each is a text"),
        ("other", 1, "no switch 'other'; known are: cap, "),
        ("text", "b", "text is fixed at the start"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(name: str, value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=r"\.$") as problem:
        changed(Settings(), {name: value}, fixed=("text",))
    assert words in str(problem.value)


@pytest.mark.parametrize("settings", [PipedriveSettings(), ApsisSettings()])
def test_every_switch_of_both_simulators_takes_its_own_value_back(settings: Any) -> None:
    values = {name: value for name, value in shown(settings).items() if name != "more_api_keys"}
    assert changed(settings, values) == settings
