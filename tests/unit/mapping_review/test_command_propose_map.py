"""propose_map: what score.py reads, the same bytes every time, without a database; one sentence for bad input."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from mapping_review.proposers.accounts import LARGEST_FILE
from tests.unit.mapping_review.gold import DEV, accounts
from tests.unit.mapping_review.test_hostile import without_answers

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """The dev accounts as a matcher may see them."""
    path = tmp_path / "inventory.json"
    path.write_text(json.dumps({"accounts": [without_answers(a) for a in accounts(DEV)]}))
    return path


def started(inventory: Path, seed: str) -> bytes:
    """The command as on an empty machine: no database named, nothing in the environment."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(inventory.parent), "PYTHONHASHSEED": seed}
    command = (sys.executable, "manage.py", "propose_map", "--inventory", str(inventory), "--json")
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, check=True)
    return done.stdout


def test_it_prints_the_same_bytes_under_any_hash_seed_and_without_a_database(inventory: Path) -> None:
    first = started(inventory, "1")
    assert first == started(inventory, "2")
    assert len(json.loads(first)) == sum(len(a["attributes"]) for a in accounts(DEV))


def proposed(inventory: Path) -> dict[str, Any]:
    out = StringIO()
    call_command("propose_map", inventory=inventory, json=True, stdout=out)
    return json.loads(out.getvalue())


def test_every_attribute_gets_up_to_three_ranked_proposals_and_a_type(inventory: Path) -> None:
    for answer in proposed(inventory).values():
        ranked = answer["proposals"]
        assert 1 <= len(ranked) <= 3
        assert all(0 <= p["confidence"] <= 1 for p in ranked)
        assert {p["action"] for p in ranked} <= {"map", "create", "skip"}
        assert answer["type"] in {"varchar", "text", "double", "monetary", "date", "enum", "set", "phone"}


def test_a_map_names_the_targets_own_key_and_the_part_of_an_address(inventory: Path) -> None:
    found = proposed(inventory)
    assert found["dev-01/04"]["proposals"][0] | {"confidence": 0} == {
        "action": "map", "object": "person", "field": "phone", "component": "mobile", "confidence": 0,
    }  # fmt: skip
    assert found["dev-01/18"]["proposals"][0]["component"] == "city"
    own = next(f for f in accounts(DEV)[0]["destination"]["person"] if f["name"] == "Avdelning")
    assert found["dev-01/12"]["proposals"][0]["field"] == own["key"]


def test_answers_in_the_file_are_not_looked_at(inventory: Path) -> None:
    assert proposed(DEV) == proposed(inventory)


def test_without_json_it_prints_a_line_for_people(inventory: Path) -> None:
    out = StringIO()
    call_command("propose_map", inventory=inventory, stdout=out)
    assert "Befattning -> map person job_title" in out.getvalue()
    assert "md5_email -> skip" in out.getvalue()


def test_hostile_names_reach_the_terminal_as_plain_text(tmp_path: Path) -> None:
    account = without_answers(accounts(DEV)[0])
    account["attributes"][7]["name"] = "\x1b[31m\u202eEmail\ud800"
    path = tmp_path / "hostile.json"
    path.write_text(json.dumps({"accounts": [account]}))
    out = StringIO()
    call_command("propose_map", inventory=path, stdout=out)
    assert not set("\x1b\u202e\ud800") & set(out.getvalue())
    assert len(proposed(path)) == len(account["attributes"])


GOOD: dict[str, Any] = {
    "id": "a",
    "profile_count": 1,
    "destination": {"person": [{"key": "k", "name": "N", "type": "varchar", "custom": True}]},
    "attributes": [{"id": "a/1", "name": "Namn", "samples": ["x"]}],
}


def account_with(**changes: Any) -> str:
    return json.dumps({"accounts": [{**GOOD, **changes}]})


BAD = {
    "not JSON": ("{", "The file is not JSON: .* at line 1, column 2"),
    "nothing": ("", "The file is not JSON"),
    "a list": ("[]", "the file should be an object and is a list"),
    "no accounts": ("{}", "accounts should be a list and is missing"),
    "an account that is none": ('{"accounts": [1]}', r"accounts\[0\] should be an object and is a number"),
    "no catalogue": (account_with(destination=None), r"accounts\[0\].destination should be an object"),
    "attributes that are none": (account_with(attributes={}), r"accounts\[0\].attributes should be a list"),
    "an attribute without a name": (
        account_with(attributes=[{"id": "a/1"}]),
        r"accounts\[0\].attributes\[0\].name should be a text and is missing",
    ),
    "a name that is a number": (
        account_with(attributes=[{"id": "a/1", "name": 7}]),
        r"attributes\[0\].name should be a text and is a number",
    ),
    "the same id twice": (
        account_with(attributes=[{"id": "a/1", "name": "x"}, {"id": "a/1", "name": "y"}]),
        "the id 'a/1' occurs twice",
    ),
    "a field without a type": (
        account_with(destination={"deal": [{"key": "k", "name": "N"}]}),
        r"destination.deal\[0\].type should be a text and is missing",
    ),
    "fewer than no profiles": (account_with(profile_count=-1), "profile_count should be from 0"),
    "no finite number": (account_with(profile_count=float("inf")), "profile_count should be from 0"),
    "true for a number": (account_with(profile_count=True), "should be a number and is true or false"),
    "samples that are no list": (
        account_with(attributes=[{"id": "a/1", "name": "x", "samples": "y"}]),
        r"samples should be a list and is a text",
    ),
    "too deep": ("[" * 200_000, "nested too deeply"),
    "an endless number": (f'{{"accounts": {"9" * 5_000}}}', "number that is too long"),
}


@pytest.mark.parametrize(("text", "sentence"), BAD.values(), ids=BAD)
def test_bad_input_is_told_in_one_sentence_that_says_where(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(CommandError, match=sentence) as told:
        proposed(path)
    assert told.value.returncode == 2
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 200


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file") as told:
        proposed(tmp_path / "nowhere.json")
    assert told.value.returncode == 2


def test_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        proposed(tmp_path)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = tmp_path / "bytes.json"
    path.write_bytes(b'{"accounts": "\xff"}')
    with pytest.raises(CommandError, match="not UTF-8"):
        proposed(path)


def test_a_file_of_fifty_megabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    with pytest.raises(CommandError, match=f"larger than {LARGEST_FILE // 1024**2} MB"):
        proposed(path)


@pytest.mark.parametrize("samples", [[None, 1, 2.5, True, ["a", "b"], {"x": 1}], ["x" * 100_000]])
def test_samples_of_any_kind_are_read(tmp_path: Path, samples: list[Any]) -> None:
    path = tmp_path / "odd.json"
    attribute = {"id": "a/1", "name": "Extra", "fill_rate": 1, "distinct": 3, "samples": samples}
    path.write_text(account_with(attributes=[attribute], profile_count=90))
    assert list(proposed(path)) == ["a/1"]
