"""Variables of the environment: read strictly, refused with a sentence."""

from pathlib import Path

import pytest

from migrator.environment import Environment, EnvironmentProblem, parse_database_url


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret\n")
    assert Environment({"KEY_FILE": str(tmp_path / "key")}).text("KEY") == "secret"


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        pytest.param({}, "KEY is not set", id="missing"),
        pytest.param({"KEY": "a", "KEY_FILE": "b"}, "both set", id="twice"),
        pytest.param({"KEY_FILE": "/nowhere/key"}, "cannot be read", id="no such file"),
    ],
)
def test_a_missing_or_doubled_text_is_refused(variables: dict[str, str], sentence: str) -> None:
    with pytest.raises(EnvironmentProblem, match=sentence):
        Environment(variables).text("KEY")


@pytest.mark.parametrize(("written", "meant"), [("1", True), ("TRUE", True), ("off", False), ("no", False)])
def test_a_boolean_is_read_in_the_usual_spellings(written: str, meant: bool) -> None:
    assert Environment({"DEBUG": written}).boolean("DEBUG", default=not meant) is meant


def test_a_boolean_of_another_spelling_is_refused() -> None:
    with pytest.raises(EnvironmentProblem, match="'maybe'"):
        Environment({"DEBUG": "maybe"}).boolean("DEBUG", default=False)


@pytest.mark.parametrize("written", ["-1", "1.5", "many", "٣", "0"])
def test_a_number_that_cannot_be_meant_is_refused(written: str) -> None:
    with pytest.raises(EnvironmentProblem, match="whole number from 1"):
        Environment({"SIZE": written}).number("SIZE", default=1, least=1)


def test_an_unset_variable_gives_the_default() -> None:
    empty = Environment({"DEBUG": "", "SIZE": ""})
    assert (empty.boolean("DEBUG", default=True), empty.number("SIZE", default=4)) == (True, 4)
    assert (empty.words("HOSTS", default=("a",)), empty.text("NAME", "b")) == (["a"], "b")


def test_words_are_separated_by_commas() -> None:
    assert Environment({"HOSTS": "a.example, b.example,"}).words("HOSTS") == ["a.example", "b.example"]


def test_a_database_address_becomes_djangos_settings() -> None:
    found = parse_database_url("postgresql://app:p%40ss@db.example:5433/crosswalk?sslmode=require")
    assert (found["USER"], found["PASSWORD"]) == ("app", "p@ss")
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.example", "5433", "crosswalk")
    assert found["OPTIONS"] == {"sslmode": "require"}


def test_a_socket_folder_is_a_host() -> None:
    found = parse_database_url("postgresql://app@/crosswalk?host=%2Frun%2Fcrosswalk&port=5432")
    assert (found["HOST"], found["PORT"], found["OPTIONS"]) == ("/run/crosswalk", "5432", {})


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        pytest.param("sqlite:///db.sqlite3", "PostgreSQL only", id="sqlite"),
        pytest.param("mysql://db/crosswalk", "starts with 'mysql'", id="another database"),
        pytest.param("postgresql://db", "names no database", id="no name"),
        pytest.param("postgresql://db:x/crosswalk", "port", id="port is no number"),
        pytest.param(
            "postgresql://db/crosswalk?sslmod=require", "unknown option: sslmod", id="misspelt option"
        ),
    ],
)
def test_a_database_address_that_cannot_be_meant_is_refused(url: str, sentence: str) -> None:
    with pytest.raises(EnvironmentProblem, match=sentence):
        Environment({"DATABASE_URL": url}).database("DATABASE_URL")


def test_a_broker_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(EnvironmentProblem, match="starts with 'sqs'"):
        Environment({"CELERY_BROKER_URL": "sqs://"}).broker("CELERY_BROKER_URL", "memory://")


@pytest.mark.parametrize(("value", "amount"), [("2.5", 2.5), ("0", 0.0), ("15", 15.0)])
def test_an_amount_may_have_decimals(value: str, amount: float) -> None:
    assert Environment({"PRICE": value}).amount("PRICE") == amount


def test_an_amount_that_is_not_set_is_the_default() -> None:
    assert Environment({}).amount("PRICE", 1.5) == 1.5


@pytest.mark.parametrize("value", ["-1", "2,5", "1e9", "nan", "inf", "free", "1.2.3"])
def test_an_amount_that_cannot_be_meant_is_refused(value: str) -> None:
    with pytest.raises(EnvironmentProblem, match="PRICE is"):
        Environment({"PRICE": value}).amount("PRICE")


def test_a_choice_is_one_of_its_words_in_any_case() -> None:
    read = Environment({"KIND": "Off"}).choice
    assert read("KIND", ("off", "on"), "on") == "off"
    assert read("OTHER", ("off", "on"), "on") == "on"


def test_a_choice_outside_its_words_is_refused_with_all_of_them() -> None:
    with pytest.raises(EnvironmentProblem, match=r"KIND is 'maybe'\. Use one of: off, on"):
        Environment({"KIND": "maybe"}).choice("KIND", ("off", "on"), "on")
