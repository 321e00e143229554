"""The simulators' command line: every wish that can not be is refused in one sentence before anything starts."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrator.simulators import server
from migrator.simulators.options import BadOption, Options, add_options, kept_in, read_options, simple_options

Refused = Callable[..., str]
# Never listened on here: the options are refused before, and the port itself is checked by trying it.
PORT = "65431"


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """The one sentence of a start that has to end with 2."""

    def run(*words: str) -> str:
        try:
            code: Any = server.main(words)
        except SystemExit as ended:
            code = ended.code
        printed = capsys.readouterr()
        assert (code, printed.out, printed.err.count("\n")) == (2, "", 1)
        return printed.err

    return run


BAD = {
    "--port": ["0", "-1", "65536", "http", "8100.5"],
    "--profiles": ["0", "-1", "many", "1e6", "99999999999"],
    "--seed": ["-1", "x"],
    "--account": ["acme", ""],
    "--seats": ["0"],
    "--plan": ["free"],
    "--budget": ["hourly"],
    "--reset-hour": ["24"],
    "--time-scale": ["0", "-1", "nan"],
    "--export-delay": ["-1", "inf"],
    "--events-per-profile": ["-1"],
    "--threads": ["0", "two"],
    "--token": [""],
    "--db": ["/no/such/folder/file", "/"],
    "--faults": ["/no/such/file", __file__],
    "--set": ["target.nothing=1", "target.search_lag_seconds=-1", "nobody.seed=1", "target.seats"],
}


@pytest.mark.parametrize(("option", "value"), [(option, value) for option in BAD for value in BAD[option]])
def test_a_bad_option_gives_one_sentence_that_names_it(refused: Refused, option: str, value: str) -> None:
    port = () if option == "--port" else ("--port", PORT)
    sentence = refused("target", *port, f"{option}={value}")
    named = value.partition("=")[0].partition(".")[2] if option == "--set" else option
    assert named in sentence


def test_an_unknown_or_missing_option_gives_one_sentence(refused: Refused) -> None:
    assert "--bogus" in refused("target", "--port", "8100", "--bogus")
    assert "--port" in refused("target")


def test_a_plan_with_an_unknown_fault_names_it_and_the_known_ones(refused: Refused, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"target": {"rates": {"earthquake": 1}}}')
    sentence = refused("target", "--port", PORT, "--faults", str(plan))
    assert "'earthquake'" in sentence
    assert "known are: before_500" in sentence


def options(*words: str) -> Options:
    parser = server.Parser()
    add_options(parser)
    return read_options(vars(parser.parse_args(words)), control=False)


def test_a_child_process_reads_the_same_options_back(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"rates": {"lost": 0.5}}')
    words = ("--account=havblik", "--seed=3", "--profiles=9", "--plan=lite", "--seats=2", "--reset-hour=5")
    words += ("--time-scale=0.5", "--export-delay=7", "--limits-off", "--empty", "--budget=per-minute")
    words += (f"--faults={plan}", "--set=target.note_size_cap=50", "--set=source.retry_after=true")
    first = options(*words)
    assert options(*first.words) == first
    assert (first.target.seats, first.target.reset_hour_utc, first.target.note_size_cap) == (2, 5, 50)
    assert (first.source.time_scale, first.source.export_delay, first.source.retry_after) == (0.5, 7.0, True)
    assert (first.limits, first.empty, first.target.budget) == (False, True, "per-minute")


def test_a_plan_without_sides_goes_to_the_sides_that_know_its_words(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    found = []
    for sent in ({"rates": {"lost": 1}}, {"actors": {"relabel": 1}}, {"actors": {"append_event": 1}}):
        plan.write_text(json.dumps(sent))
        found.append(sorted(options(f"--faults={plan}").faults))
    assert found == [["source", "target"], ["target"], ["source"]]


def test_a_program_gets_the_defaults_of_the_command_line() -> None:
    assert simple_options("nordlys", 7, 2_400, limits=True).target == options().target
    assert simple_options("nordlys", 7, 2_400, limits=False).source.limits_off is True


def test_a_kept_folder_belongs_to_one_account(tmp_path: Path) -> None:
    one, other = options("--seed=1"), options("--seed=2")
    assert kept_in(tmp_path / "a", one) == kept_in(tmp_path / "a", one)
    with pytest.raises(BadOption, match=r"holds another account \(account nordlys, seed 1, "):
        kept_in(tmp_path / "a", other)


@pytest.mark.skipif(sys.platform != "linux", reason="names a folder that only Linux has")
def test_a_folder_that_can_not_be_made_is_told() -> None:
    with pytest.raises(BadOption, match=r"--keep /proc/nowhere can not be used \(.+\): name another folder"):
        kept_in(Path("/proc/nowhere"), options())
