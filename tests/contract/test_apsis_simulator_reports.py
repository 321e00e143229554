"""Reports A, B and C of the APSIS One simulator: filters, queries, columns, workbooks, odd CSV (reference 9)."""

import contextlib
import csv
import io
from typing import Any

import httpx
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.segment_filters import parse_expression
from migrator.simulators.apsis_one.tables import XLSX_TYPE
from migrator.simulators.seeds.shape import EMAIL_CHANNEL, SMS_CHANNEL
from tests.contract.apsis_simulator import EMAIL
from tests.contract.apsis_writing import FIRST_NAME, Writer, one

pytestmark = pytest.mark.slow

SEGMENTS = "/audience/profiles/reports/segments"
CONSENTS = "/audience/profiles/reports/consents"
DUPLICATES = "/audience/profiles/reports/duplicates"


@pytest.fixture(scope="module")
def writer() -> Writer:
    return Writer(profiles=300)


def _rows(answer: httpx.Response, delimiter: str = ",") -> list[dict[str, str]]:
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), delimiter=delimiter))


def _members(writer: Writer, number: int) -> set[str]:
    body = {"segment_discriminator": writer.source.shape.segments[number].discriminator}
    return {row["export_key"] for row in _rows(writer.export(SEGMENTS, **body))}


def _segments(writer: Writer, filter_: str | None, **named: int) -> dict[str, Any]:
    ids = {name: writer.source.shape.segments[n].discriminator for name, n in named.items()}
    entry = {"timezone": "Europe/Stockholm", "segment_discriminators": ids}
    return {"segments": entry if filter_ is None else {**entry, "filter": filter_}}


def _consent_body(writer: Writer, **more: Any) -> dict[str, Any]:
    return {
        "section_discriminator": writer.section.discriminator,
        "topic_discriminators": [t.discriminator for t in writer.section.topics],
        "channel_discriminator": EMAIL_CHANNEL,
        **more,
    }


def test_a_single_channel_has_its_usual_column_and_blank_cells_for_people_without_consent(
    writer: Writer,
) -> None:
    rows = _rows(writer.export(CONSENTS, **_consent_body(writer)))
    assert list(rows[0]) == ["export_key", "Email"]
    assert {bool(row["Email"]) for row in rows} == {True, False}
    topics = {t.discriminator for t in writer.section.topics}
    for row in rows:
        index = writer.source.people.export_keys.backward(row["export_key"])
        held = [
            c.type for c in writer.source.consents(index) if c.topic in topics and c.channel == EMAIL_CHANNEL
        ]
        assert bool(row["Email"]) == bool({"opt-in", "confirmed-opt-in"} & set(held))


def test_several_channels_have_the_columns_that_were_named(writer: Writer) -> None:
    channels = [
        {"field_name": "text", "channel_discriminator": SMS_CHANNEL},
        {"field_name": "mail", "channel_discriminator": EMAIL_CHANNEL},
    ]
    body = _consent_body(writer, channels=channels)
    del body["channel_discriminator"]
    rows = _rows(writer.export(CONSENTS, **body))
    assert list(rows[0]) == ["export_key", "text", "mail"]
    assert all(row["text"].isdigit() for row in rows if row["text"])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("!(a) & b", lambda a, b: b - a),
        ("a | b", lambda a, b: a | b),
        ("a & b", lambda a, b: a & b),
        (None, lambda a, b: a & b),
    ],
)
def test_named_segments_are_joined_by_the_filter_and_have_a_column_each(
    writer: Writer, expression: str | None, expected: Any
) -> None:
    everybody = {row["export_key"] for row in _rows(writer.export(CONSENTS, **_consent_body(writer)))}
    body = _consent_body(writer, **_segments(writer, expression, a=0, b=2))
    rows = _rows(writer.export(CONSENTS, **body))
    a, b = _members(writer, 0), _members(writer, 2)
    assert {row["export_key"] for row in rows} == expected(a, b) & everybody
    assert all((row["a"] == "true") == (row["export_key"] in a) for row in rows)


def test_segment_columns_are_a_switch() -> None:
    writer = Writer(profiles=60, segment_columns_in_consent_report=False)
    rows = _rows(writer.export(CONSENTS, **_consent_body(writer, **_segments(writer, "a|!a", a=0))))
    assert list(rows[0]) == ["export_key", "Email"]


@pytest.mark.parametrize("text", ["", "a &", "a b", "(a", "a)", "a & c", "!", "a ^ b"])
def test_an_expression_that_is_none_is_400(writer: Writer, text: str) -> None:
    body = _consent_body(writer, **_segments(writer, text, a=0, b=1))
    assert writer.http.post(CONSENTS, json=body).status_code == 400


@st.composite
def _expressions(draw: st.DrawFn, depth: int = 3) -> tuple[str, Any]:
    """An expression as text and as a predicate over the truths of a, b, c."""
    if depth == 0 or draw(st.booleans()):
        name = draw(st.sampled_from("abc"))
        return name, lambda t: t[name]
    left, f = draw(_expressions(depth - 1))
    right, g = draw(_expressions(depth - 1))
    kind = draw(st.sampled_from("!&|"))
    if kind == "!":
        return f"!({left})", lambda t: not f(t)
    if kind == "&":
        return f"({left})&({right})", lambda t: f(t) and g(t)
    return f"({left}) | ({right})", lambda t: f(t) or g(t)


@settings(max_examples=150, deadline=None)
@given(_expressions(), st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_an_expression_means_what_it_says(made: tuple[str, Any], values: tuple[bool, bool, bool]) -> None:
    truths = dict(zip("abc", values, strict=True))
    assert parse_expression(made[0], set("abc"))(truths) == bool(made[1](truths))


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab!&|() ", max_size=12))
def test_any_text_is_an_expression_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(ApiProblem):
        parse_expression(text, {"a", "b"})({"a": True, "b": False})


def test_duplicates_are_sought_among_those_who_pass_the_filter() -> None:
    writer = Writer(profiles=400)
    everybody = _rows(writer.export(DUPLICATES, attribute=EMAIL))
    nobody = writer.export(DUPLICATES, attribute=EMAIL, **_segments(writer, "a & !a", a=0))
    assert everybody
    assert _rows(nobody) == []
    for value in {row["Email"].lower() for row in everybody}:
        assert sum(row["Email"].lower() == value for row in everybody) > 1


def test_a_duplicate_that_was_merged_away_is_one_no_more() -> None:
    writer = Writer(profiles=400)
    rows = _rows(writer.export(DUPLICATES, attribute=EMAIL))
    first = rows[0]
    twin = next(r for r in rows[1:] if r["Email"].lower() == first["Email"].lower())
    keys = [first["export_key"], twin["export_key"]]
    writer.mutate("merge", export_key=keys[1], into=keys[0])
    left = {row["export_key"] for row in _rows(writer.export(DUPLICATES, attribute=EMAIL))}
    assert not left & set(keys)


def test_those_who_opened_a_mail_are_found_by_the_query_that_the_activity_hands_out(writer: Writer) -> None:
    for activity in writer.items("/emails/activities")[:6]:
        detail = writer.get(f"/emails/activities/{activity['id']}").json()
        queries = {row["name"]: row["segment_definition"] for row in detail["audiences"]}
        rows = _rows(writer.export(SEGMENTS, segment_definition=queries["opened"]))
        expected = {
            writer.source.export_key(i)
            for i in range(300)
            for e in writer.source.events(i)
            if e.discriminator.endswith(".opened") and e.data["activity_id"] == activity["id"]
        }
        assert {row["export_key"] for row in rows} == expected
        if expected:
            return
    pytest.fail("nobody opened anything")


@pytest.mark.parametrize("query", ["", "SELECT 1", 'audience(segment = "x")', 'audience(event = "a")', 5])
def test_a_query_that_was_not_handed_out_is_400(writer: Writer, query: Any) -> None:
    assert writer.http.post(SEGMENTS, json={"segment_definition": query}).status_code == 400
    export = writer.request_export(segment_filter={"segment_definition": query})
    assert export.status_code == 400


def test_a_segment_hands_out_its_query_only_where_switched_on() -> None:
    found = []
    for on in (False, True):
        writer = Writer(profiles=60, segment_aql=on)
        segment = writer.items("/audience/segments")[0]
        path = f"/audience/segments/{segment['discriminator']}/versions/{segment['versions'][0]['id']}"
        found.append(writer.get(path).json().get("segment_definition"))
    assert found[0] is None
    by_query = _rows(writer.export(SEGMENTS, segment_definition=found[1]))
    assert {row["export_key"] for row in by_query} == _members(writer, 0)


def test_the_same_report_comes_as_text_and_as_a_workbook(writer: Writer) -> None:
    body = {
        "attributes": [FIRST_NAME],
        "segment_discriminator": writer.source.shape.segments[2].discriminator,
    }
    url = writer.request_export(SEGMENTS, **body).json()["file_download_url_v2"]
    writer.now += 11
    text = writer.http.get(url)
    book = writer.http.get(url, headers={"accept": XLSX_TYPE})
    assert (text.headers["content-type"].partition(";")[0], book.headers["content-type"]) == (
        "text/csv",
        XLSX_TYPE,
    )
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).active
    assert sheet is not None
    cells = [["" if c is None else c for c in row] for row in sheet.iter_rows(values_only=True)]
    assert cells == list(csv.reader(io.StringIO(text.text, newline="")))
    assert writer.http.get(url).text == text.text


def test_a_name_that_looks_like_a_formula_is_text_in_the_workbook() -> None:
    writer = Writer(profiles=60)
    index = writer.plain()
    writer.patch("email", writer.key(index), {FIRST_NAME: "=1+1\x07"})
    body = {"attribute": FIRST_NAME}
    writer.patch("email", writer.key(writer.plain(skip=1)), {FIRST_NAME: "=1+1\x07"})
    url = writer.request_export(DUPLICATES, **body).json()["file_download_url_v2"]
    writer.now += 11
    book = openpyxl.load_workbook(io.BytesIO(writer.http.get(url, headers={"accept": XLSX_TYPE}).content))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value == "=1+1"]  # type: ignore[union-attr]
    assert [cell.data_type for cell in cells] == ["s", "s"]


@pytest.mark.parametrize(
    ("shown", "names"),
    [
        ("both", ["file_download_url", "file_download_url_v2"]),
        ("old", ["file_download_url"]),
        ("new", ["file_download_url_v2"]),
    ],
)
def test_either_poll_address_may_be_missing(shown: str, names: list[str]) -> None:
    writer = Writer(profiles=20, poll_addresses=shown)
    urls = writer.request_export().json()
    assert sorted(urls) == names
    writer.now += 11
    assert {writer.http.get(url).status_code for url in urls.values()} == {200}


def test_export_d_is_json_whatever_is_accepted(writer: Writer) -> None:
    url = writer.request_export().json()["file_download_url_v2"]
    writer.now += 11
    assert writer.http.get(url, headers={"accept": XLSX_TYPE}).headers["content-type"] == "application/json"


def _odd(**switches: Any) -> httpx.Response:
    """Report C of two people whose first name has quotes, a comma and a line break."""
    writer = Writer(profiles=60, **switches)
    for skip in (0, 1):
        writer.patch("email", writer.key(writer.plain(skip=skip)), {FIRST_NAME: 'Anna "A", Öst\nradbrytning'})
    return writer.export(DUPLICATES, attribute=FIRST_NAME)


def test_values_with_quotes_commas_and_line_breaks_survive_the_file() -> None:
    names = [row["First name"] for row in _rows(_odd())]
    assert names.count('Anna "A", Öst\nradbrytning') == 2


def test_oddities_of_csv_are_switches() -> None:
    assert not _odd().content.startswith(b"\xef\xbb\xbf")
    assert _odd(csv_bom=True).content.startswith(b"\xef\xbb\xbfexport_key")
    assert _odd(csv_quote_all=True).content.startswith(b'"export_key","First name"')
    names = [row["First name"] for row in _rows(_odd(csv_newlines_in_values=False, csv_delimiter=";"), ";")]
    assert names.count('Anna "A", Öst radbrytning') == 2


def test_what_was_written_by_the_api_is_in_every_report() -> None:
    writer = Writer(profiles=60)
    topic = next(t for t in writer.section.topics if t.channels == (EMAIL_CHANNEL,))
    writer.create("email", "ny@nordpost.example")
    writer.merge(one("email", "ny@nordpost.example"), one("crm", "77"))
    act = {"topic": topic.discriminator, "type": "opt-in", "section": writer.section.discriminator}
    index = writer.app.state.world.find("com.apsis1.keyspaces.email", "ny@nordpost.example")
    assert index is not None
    key = writer.source.export_key(index)
    writer.mutate("set_consent", export_key=key, **act)
    rows = _rows(writer.export(CONSENTS, **_consent_body(writer)))
    assert {row["export_key"]: row["Email"] for row in rows}[key] == "ny@nordpost.example"
    assert key in _members(writer, 0)


@pytest.mark.parametrize(
    "body",
    [
        {"channel_discriminator": "com.apsis1.channels.fax"},
        {"consent_list_discriminator": "usercreated.targets.other"},
        {"segments": []},
        {"segments": {}},
        {"segments": {"segment_discriminators": []}},
        {"segments": {"segment_discriminators": {"a": 5}}},
    ],
)
def test_a_consent_report_that_makes_no_sense_is_400(writer: Writer, body: dict[str, Any]) -> None:
    assert writer.http.post(CONSENTS, json=_consent_body(writer, **body)).status_code == 400
