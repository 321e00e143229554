"""The simulated Pipedrive keeps files: hung on records, softly deleted, given back byte for byte."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.simulators.multipart import BadMultipart, parts_of
from tests.contract.pipedrive_simulator import CLERK_TOKEN, Simulated, simulated

pytestmark = pytest.mark.slow

FILES, PERSONS = "/v1/files", "/api/v2/persons"
CONTENT = b"\x00\r\n--not a boundary\r\n\xff" * 7


@pytest.fixture
def account() -> Simulated:
    return simulated()


def anna(account: Simulated) -> int:
    return int(account.data(PERSONS)[0]["id"])


def uploaded(account: Simulated, content: bytes = CONTENT, name: str = "offer.pdf", **links: Any) -> Any:
    answer = account.post(FILES, files={"file": (name, content)}, data=links)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_a_file_is_given_back_byte_for_byte(account: Simulated) -> None:
    made = uploaded(account, person_id=anna(account))
    assert (made["name"], made["file_size"], made["person_name"]) == (
        "offer.pdf",
        len(CONTENT),
        "Anna Berg Lund",
    )
    answer = account.get(made["url"])
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert 'filename="offer.pdf"' in answer.headers["content-disposition"]


def test_a_large_file_arrives_in_pieces_and_whole(account: Simulated) -> None:
    content = bytes(range(256)) * 10_000
    made = uploaded(account, content)
    answer = account.get(f"{FILES}/{made['id']}/download")
    assert (answer.headers["content-length"], answer.content) == (str(len(content)), content)


@pytest.mark.parametrize(
    ("link", "value"),
    [("person_id", 999_999_999), ("deal_id", 1), ("activity_id", 1), ("product_id", 1), ("person_id", "x")],
)
def test_an_unknown_parent_refuses_the_whole_upload(account: Simulated, link: str, value: Any) -> None:
    answer = account.post(FILES, files={"file": ("a.txt", b"a")}, data={link: value})
    assert answer.status_code == 400
    assert account.data(FILES) is None


def test_a_form_without_a_file_or_with_an_unknown_part_is_refused(account: Simulated) -> None:
    person = str(anna(account))
    assert account.post(FILES, data={"person_id": person}, files={"doc": b"x"}).status_code == 400
    assert account.post(FILES, json={"person_id": anna(account)}).status_code == 400
    assert account.post(FILES, files={"file": b"x"}, data={"owner": "1"}).status_code == 400
    assert account.data(FILES) is None


def test_a_file_over_the_cap_is_refused() -> None:
    account = simulated(file_size_cap=4)
    assert account.post(FILES, files={"file": b"12345"}).status_code == 400
    assert uploaded(account, b"1234")["file_size"] == 4


def test_a_list_gives_a_hundred_at_most_whatever_is_asked(account: Simulated) -> None:
    numbers = [uploaded(account, b"")["id"] for _ in range(101)]
    first = account.get(FILES, params={"limit": 500}).json()
    pagination = first["additional_data"]["pagination"]
    assert [entry["id"] for entry in first["data"]] == numbers[:100]
    assert (pagination["limit"], pagination["next_start"]) == (100, 100)
    assert [entry["id"] for entry in account.data(FILES, start=100)] == numbers[100:]


def test_a_list_is_sorted_as_asked(account: Simulated) -> None:
    for name, content in (("b.txt", b"1"), ("a.txt", b"333"), ("c.txt", b"22")):
        uploaded(account, content, name)
    assert [entry["name"] for entry in account.data(FILES, sort="file_size DESC")] == [
        "a.txt",
        "c.txt",
        "b.txt",
    ]
    assert account.get(FILES, params={"sort": "name; DROP"}).status_code == 400


def test_a_file_is_renamed_by_a_form_and_by_json(account: Simulated) -> None:
    address = f"{FILES}/{uploaded(account)['id']}"
    assert account.put(address, data={"name": "one.pdf"}).json()["data"]["name"] == "one.pdf"
    assert account.put(address, json={"name": "two.pdf"}).json()["data"]["name"] == "two.pdf"
    assert account.put(address, data={"person_id": "1"}).status_code == 400


def test_a_deleted_file_is_shown_for_thirty_days_and_not_downloaded(account: Simulated) -> None:
    address = f"{FILES}/{uploaded(account)['id']}"
    assert account.delete(address).status_code == 200
    assert account.data(FILES) is None
    assert account.data(address)["active_flag"] is False
    assert account.get(f"{address}/download").status_code == 404
    assert account.delete(address).status_code == 404
    account.clock.now += 31 * 86_400
    assert account.get(address).status_code == 404


def test_remote_files_are_made_and_linked_by_a_form(account: Simulated) -> None:
    linked = {"item_type": "person", "item_id": anna(account), "remote_location": "googledrive"}
    made = account.post(f"{FILES}/remote", data={**linked, "file_type": "gdoc", "title": "Minutes"}).json()[
        "data"
    ]
    assert (made["person_id"], made["remote_location"]) == (anna(account), "googledrive")
    assert made["url"] == f"https://docs.google.com/document/d/{made['remote_id']}"
    link = account.post(f"{FILES}/remoteLink", data={**linked, "remote_id": "1aB"}).json()["data"]
    assert link["remote_id"] == "1aB"
    assert account.get(f"{FILES}/{link['id']}/download").status_code == 404
    assert (
        account.post(f"{FILES}/remote", data={**linked, "file_type": "doc", "title": "M"}).status_code == 400
    )
    assert account.post(f"{FILES}/remoteLink", data=linked).status_code == 400


def test_a_file_is_seen_by_those_who_see_its_parent(account: Simulated) -> None:
    hidden = account.made(PERSONS, {"name": "Hidden", "visible_to": 1})["id"]
    secret, open_one = uploaded(account, person_id=hidden), uploaded(account, person_id=anna(account))
    clerk = account.as_user(CLERK_TOKEN)
    assert [entry["id"] for entry in clerk.get(FILES).json()["data"]] == [open_one["id"]]
    assert clerk.get(f"{FILES}/{secret['id']}").status_code == 404
    assert clerk.get(f"{FILES}/{secret['id']}/download").status_code == 404


def test_files_lie_beside_the_account_and_survive_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "account.sqlite3")
    number = uploaded(simulated(db=path))["id"]
    assert simulated(db=path).get(f"{FILES}/{number}/download").content == CONTENT
    assert [entry.name for entry in tmp_path.glob("*.files/*/*")] == [str(number)]


def test_a_reset_gives_no_content_of_the_account_before(tmp_path: Path) -> None:
    account = simulated(db=str(tmp_path / "account.sqlite3"))
    number = uploaded(account)["id"]
    account.post("/_control/reset")
    assert account.get(f"{FILES}/{number}").status_code == 404
    again = uploaded(account, b"new")
    assert (again["id"], account.get(f"{FILES}/{number}/download").content) == (number, b"new")
    assert len(list(tmp_path.glob("*.files/*"))) == 1


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1), st.binary(max_size=200)
        ),
        max_size=5,
    )
)
@settings(max_examples=80, deadline=None)
def test_parts_come_out_as_they_went_in(fields: list[tuple[str, bytes]]) -> None:
    mark = b"-----------------------------boundary-that-no-content-holds"
    body = b"".join(
        b'--%b\r\nContent-Disposition: form-data; name="%b"; filename="f"\r\n\r\n%b\r\n'
        % (mark, name.encode(), content)
        for name, content in fields
    )
    parts = parts_of(body + b"--" + mark + b"--\r\n", f"multipart/form-data; boundary={mark.decode()}")
    assert [(part.name, bytes(part.content)) for part in parts] == fields


@given(st.binary(max_size=300), st.integers(0, 300))
@settings(max_examples=150, deadline=None)
def test_a_spoiled_form_is_refused_and_never_hangs(noise: bytes, cut: int) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nabc\r\n--b--\r\n'
    for spoiled in (noise, body[:cut], body[:cut] + noise):
        with suppress(BadMultipart):
            assert all(part.name for part in parts_of(spoiled, "multipart/form-data; boundary=b"))


def test_an_upload_that_comes_late_is_the_same_upload(account: Simulated) -> None:
    late = {"scripts": [{"kind": "late", "method": "POST", "path": FILES, "seconds": 30}]}
    assert account.post("/_control/faults", json=late).status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        account.post(FILES, files={"file": ("late.bin", CONTENT)})
    assert account.data(FILES) is None
    account.clock.now += 31
    number = account.data(FILES)[0]["id"]
    assert account.get(f"{FILES}/{number}/download").content == CONTENT


def test_a_person_has_one_picture_and_no_other_kind_of_file(account: Simulated) -> None:
    address, png = f"/v1/persons/{anna(account)}/picture", b"\x89PNG\r\n\x1a\n rest"
    numbers = [account.post(address, files={"file": png}).json()["data"]["id"] for _ in range(2)]
    assert account.data(f"{PERSONS}/{anna(account)}")["picture_id"] == numbers[1]
    assert account.post(address, files={"file": b"%PDF"}).status_code == 400
    assert account.post(address, files={"image": png}).status_code == 400
    assert account.delete(address).json()["data"] == {"id": numbers[1]}
    assert account.delete(address).status_code == 404
