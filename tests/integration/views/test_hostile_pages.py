"""Every page that names come to: their text is there, escaped and visible, and nothing of it is alive."""

import json
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, resolve, reverse
from openpyxl import load_workbook

from mapping_review import services, workbook_json
from mapping_review.models import MapVersion
from mapping_review.workbook_in import uploaded_xlsx
from mapping_review.workbook_json import uploaded_json
from mapping_review.workbook_review import review
from migrator import staging
from migrator.engine.canonical import canonical_json
from migrator.engine.sound import sound_text
from migrator.models import Project
from tests.factories_hostile import hostile_project
from tests.hostile import MARK, TEXTS, Page

pytestmark = pytest.mark.slow

SOUND = list(dict.fromkeys(map(sound_text, TEXTS)))
HTMX = {"HX-Request": "true"}
# Pages that must be among those that were read, by the name of their address, and that strangers' names come to.
WANTED = {
    "discovery", "mapping_review:map", "mapping_review:row", "mapping_review:bulk-confirm", "mapping_review:versions",
    "mapping_review:precedents", "mapping_review:import", "reconciliation:queue-kind", "reconciliation:item", "trail",
    "run", "run-records", "map-try",
}  # fmt: skip
# What is reached by a form and not by a link.
START = (("home", ""), ("mapping_review:bulk-confirm", "?threshold=50"), ("mapping_review:sign-off", ""))
# So many pages of one kind are read; lists show all names, rows and cases are where most of each is shown.
AT_MOST, MORE = 4, {"mapping_review:row": 60, "reconciliation:item": 25}

World = tuple[Project, MapVersion, Client]


@pytest.fixture
def world(db: None) -> World:
    return hostile_project(SOUND)


def crawled(client: Client, *start: str) -> Iterator[tuple[str, str, HttpResponse]]:
    """Every page that links lead to from there, by name and address, each address once."""
    waiting, known, read = list(start), set(start), Counter[str]()
    while waiting:
        url = waiting.pop(0)
        name = name_of(url)
        if not name or read[name] >= MORE.get(name, AT_MOST):
            continue
        read[name] += 1
        answer = client.get(url)
        yield name, url, answer
        if answer["Content-Type"].startswith("text/html") and answer.status_code == 200:
            links = Page(answer.content.decode()).links
            found = [link.partition("#")[0] for link in links if link.startswith(("/", "?"))]
            fresh = [path_of(url, link) for link in dict.fromkeys(found) if path_of(url, link) not in known]
            known.update(fresh)
            waiting += fresh
        if answer.streaming:
            # A download that nobody reads to its end stays open.
            b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def path_of(page: str, link: str) -> str:
    return f"{urlsplit(page).path}{link}" if link.startswith("?") else link


def name_of(url: str) -> str:
    """The name of an address of the project; "" for others and for what only looks different by a filter."""
    parts = urlsplit(url)
    try:
        found = resolve(parts.path)
    except Resolver404:
        return ""
    filters = [name for name, _ in parse_qsl(parts.query)]
    return f"{found.view_name}{'?' if filters else ''}".rstrip("?") if "slug" in found.kwargs else ""


def test_no_page_holds_anything_of_theirs_but_text(world: World) -> None:
    project, _, client = world
    seen, told, wrong = set(), Counter[str](), []
    for name, url, answer in crawled(
        client, *(reverse(n, args=[project.slug]) + query for n, query in START)
    ):
        wrong += [(url, answer.status_code)] if answer.status_code not in (200, 302, 403, 409) else []
        if answer["Content-Type"].startswith("text/html"):
            page = Page(answer.content.decode())
            wrong += [(url, problem) for problem in page.problems]
            seen.add(name)
            told[name] += MARK in page.text
    assert wrong == []
    assert WANTED - seen == set()
    assert {name for name in WANTED if not told[name]} <= {
        "mapping_review:versions", "mapping_review:precedents", "mapping_review:import",
    }  # fmt: skip


def signed(world: World) -> tuple[Project, MapVersion, Client]:
    """The map signed with a correction in every row that had none of its own, and the draft after it."""
    project, version, client = world
    engineer = project.memberships.get().user
    for field in staging.source_fields(project):
        if field.conflict:
            staging.settle_type(project, field.key, "text")
    services.propose_map(project)
    for row in version.decisions.order_by("pk"):
        services.skip_field(row.pk, user=engineer, expected_version=row.lock_version, client_key=uuid4())
    version.refresh_from_db()
    signed_one = services.sign_current(project, engineer)
    draft = services.open_draft(signed_one, user=engineer)
    for row in draft.decisions.order_by("pk"):
        services.reject(row.pk, user=engineer, expected_version=row.lock_version, client_key=uuid4())
        row.refresh_from_db()
        if row.kind == "attribute":
            services.approve(row.pk, user=engineer, expected_version=row.lock_version, client_key=uuid4())
    return project, draft, client


def test_precedents_versions_and_an_import_hold_nothing_of_theirs_but_text(world: World) -> None:
    project, draft, client = signed(world)
    args = [project.slug]
    pages = {
        "precedents": client.get(reverse("mapping_review:precedents", args=args)),
        "compare": client.get(reverse("mapping_review:compare", args=[*args, 1, 2])),
        "versions": client.get(reverse("mapping_review:versions", args=args)),
        "import": uploaded(draft, client),
    }
    for name, answer in pages.items():
        assert answer.status_code == 200, name
        page = Page(answer.content.decode())
        assert (name, page.problems) == (name, [])
        assert page.text.count(MARK) > 50 or name == "versions", name


def uploaded(version: MapVersion, client: Client) -> HttpResponse:
    """The preview of a file that names every field of the map otherwise."""
    content = json.loads(workbook_json.json_of(version))
    for row in content["rows"]:
        for rule in row["rules"]:
            if row["kind"] == "attribute":
                rule |= {"action": "create", "custom": True, "field": f"{rule['field'][:200]} <i>xss</i>"}
    file = SimpleUploadedFile("<b>xss</b>.json", (canonical_json(content) + "\n").encode())
    answer = client.post(
        reverse("mapping_review:import", args=[version.project.slug]), {"file": file}, follow=True
    )
    assert answer.redirect_chain, answer.content.decode()
    return answer


@pytest.mark.parametrize("name", ["export-xlsx", "export-json"])
def test_a_file_with_all_of_them_comes_back_as_it_went(name: str, world: World) -> None:
    project, version, client = world
    content = client.get(reverse(f"mapping_review:{name}", args=[project.slug])).content
    read = uploaded_json if name == "export-json" else uploaded_xlsx
    found = review(read(content), version)
    assert (found.changed, found.rejected, found.missing) == ((), (), 0)
    assert found.checksum == found.file_checksum
    assert len(found.unchanged) == version.decisions.count()


def test_other_files_are_whole_json_with_every_text_in_it(world: World) -> None:
    project, _, client = world
    lines = client.get(reverse("trail-export", args=[project.slug])).getvalue().decode().split("\n")
    told = [json.loads(line) for line in lines if line]
    texts = {entry["data"].get("name") for entry in told if entry["verb"] == "note"}
    assert texts == set(SOUND)
    inventory = client.get(reverse("discovery-inventory", args=[project.slug]))
    assert set(SOUND) <= set(_texts_in(json.loads(inventory.getvalue())))


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from _texts_in(one)


def test_no_cell_of_the_workbook_runs(world: World) -> None:
    project, _, client = world
    content = client.get(reverse("mapping_review:export-xlsx", args=[project.slug])).content
    cells = [c for sheet in load_workbook(BytesIO(content)) for row in sheet.iter_rows() for c in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    texts = [cell for cell in cells if isinstance(cell.value, str)]
    leads = [c for c in texts if c.value.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert len(leads) > 10
    assert all(cell.quotePrefix or cell.style_array is None for cell in leads)
    with ZipFile(BytesIO(content)) as parts:
        names = parts.namelist()
        assert not [n for n in names if "externalLink" in n or "vba" in n.casefold() or "connections" in n]
        assert not [n for n in names if b"<f>" in parts.read(n) or b"<f " in parts.read(n)]
