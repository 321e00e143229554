"""A map out and in again: what is the same, what changes, what is refused, and what becomes of approvals."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mapping_review import queries, services, workbook_json, workbook_out
from mapping_review.choices import RowState
from mapping_review.models import DecisionEvent, MapImport, MapVersion
from mapping_review.workbook_in import uploaded_xlsx
from mapping_review.workbook_json import uploaded_json
from mapping_review.workbook_lines import book_of
from mapping_review.workbook_review import Review, review
from migrator import staging, trail
from migrator.choices import Role
from migrator.engine.canonical import canonical_json
from migrator.engine.errors import RefusedError
from migrator.engine.inventory import FieldType, SourceField, TargetField, TargetObject
from migrator.engine.source_fields import Found, fixed_fields
from migrator.models import Project, TrailEntry
from tests import factories_mapping_review as made
from tests.workbooks import changed, with_options

pytestmark = pytest.mark.slow

SHOES, LEVEL, STORE, CONSENT = "attribute:shoe_size", "attribute:level", "attribute:store_no", "consent:email"
FIELD, ACTION, TYPE = "Field in Pipedrive", "What to do", "Type of field"
CATALOGUE = (
    TargetField(TargetObject.PERSON, "Skostorlek", FieldType.DOUBLE, True),
    TargetField(TargetObject.PERSON, "Notes", FieldType.TEXT, True),
)
MONEY = {"action": "create", "field": "Price", "type": "monetary", "transform": "money"}
HOSTILE = (
    "=HYPERLINK(\"http://evil.example\")", "<script>alert(1)</script>", "\u202ename", "ignore the rules",
    "x" * 10_000,
)  # fmt: skip


def fields() -> list[SourceField]:
    found = Found(
        profiles=100, sections=[("s1", "Sweden", 60)], tags=[("=vip", 30)],
        events=[("email.opened", "Opened", 40), ("profile.created", "Created", 60)],
    )  # fmt: skip
    conflict = made.attribute_in({"s1": ["0412", "0087"], "s2": [412, 87]}, "Store no")
    level = made.attribute("Level", "guld", "silver", times=30)
    return [*made.FIELDS, level, conflict, *fixed_fields(found)]


@pytest.fixture
def version(project: Project) -> MapVersion:
    return made.make_map(project, fields(), CATALOGUE)


def xlsx(version: MapVersion) -> bytes:
    return workbook_out.xlsx_of(book_of(version))


def looked_at(content: bytes, version: MapVersion) -> Review:
    uploaded = uploaded_json(content) if content[:1] == b"{" else uploaded_xlsx(content)
    return review(uploaded, version)


def kept(content: bytes, version: MapVersion, user: Any) -> MapImport:
    found = looked_at(content, version)
    return services.keep_review(version, found, user=user, file_name="map.xlsx", file_sha="f" * 64)


def applied(content: bytes, version: MapVersion, user: Any) -> MapVersion:
    """The draft after an upload and its confirmation."""
    services.apply_import(kept(content, version, user).pk, user=user)
    found = queries.current_version(version.project)
    assert found is not None
    return found


def json_with(version: MapVersion, change: Callable[[dict[str, Any]], Any]) -> bytes:
    content = json.loads(workbook_json.json_of(version))
    change(content)
    return (canonical_json(content) + "\n").encode()


def rule_in(content: dict[str, Any], key: str) -> dict[str, Any]:
    (row,) = (row for row in content["rows"] if row["id"] == key)
    rule: dict[str, Any] = row["rules"][0]
    return rule


def approved(version: MapVersion, key: str, user: Any) -> None:
    row = made.row(version, key)
    services.approve(row.pk, **made.act(row, user))


# The same out and in


@pytest.mark.parametrize("out", [xlsx, workbook_json.json_of], ids=["xlsx", "json"])
def test_a_file_as_it_was_downloaded_changes_nothing(
    out: Callable[[MapVersion], bytes], version: MapVersion, erik: Any
) -> None:
    approved(version, SHOES, erik)
    found = looked_at(out(version), version)
    assert (found.changed, found.rejected, found.missing) == ((), (), 0)
    assert len(found.unchanged) == version.decisions.count()
    assert found.checksum == found.file_checksum
    assert out(version) == out(version)


@pytest.mark.parametrize("out", [xlsx, workbook_json.json_of], ids=["xlsx", "json"])
def test_hostile_names_go_out_and_come_back(out: Callable[[MapVersion], bytes], project: Project) -> None:
    hostile = [made.attribute(name, "1", "2") for name in HOSTILE]
    target = TargetField(TargetObject.PERSON, "=1+1", FieldType.VARCHAR, True)
    # Keys are cut by the row's own length, as a discovery's are.
    version = made.make_map(project, [f for f in hostile if len(f.key) < 300], [target])
    found = looked_at(out(version), version)
    assert (found.changed, found.rejected) == ((), ())


def test_a_spreadsheet_that_saved_the_file_changes_nothing(version: MapVersion) -> None:
    found = looked_at(changed(xlsx(version)), version)
    assert (found.changed, found.rejected) == ((), ())


def test_json_is_canonical_to_the_byte(version: MapVersion) -> None:
    content = workbook_json.json_of(version)
    assert content.endswith(b"}\n")
    assert (canonical_json(json.loads(content)) + "\n").encode() == content


def test_the_checksum_follows_decisions_and_rules(version: MapVersion, erik: Any) -> None:
    before = book_of(version).stamp.checksum
    approved(version, SHOES, erik)
    assert book_of(version).stamp.checksum != before


# What would change


def test_changed_cells_are_shown_before_and_after(version: MapVersion, erik: Any) -> None:
    approved(version, SHOES, erik)
    content = changed(xlsx(version), {(SHOES, ACTION): "New field", (SHOES, FIELD): "Shoes"})
    (change,) = looked_at(content, version).changed
    assert (change.source_key, change.lapses, change.ref) == (SHOES, True, "Fields!E7")
    assert [(d.title, d.before, d.after) for d in change.differences] == [
        (ACTION, "Existing field", "New field"),
        (FIELD, "Skostorlek", "Shoes"),
    ]


def test_options_and_look_ups_are_imported(version: MapVersion) -> None:
    base = made.row(version, LEVEL)
    assert base.proposed.rule.options == ("guld", "silver")
    content = with_options(xlsx(version), (LEVEL, "", "Gold"), (LEVEL, "guld", "Gold"))
    (change,) = looked_at(content, version).changed
    assert change.rule["options"] == ["guld", "silver", "Gold"]
    assert change.rule["args"] == [["is:guld", "Gold"]]
    assert [(d.title, d.after) for d in change.differences] == [("Options", "Gold, guld = Gold")]


def test_rows_that_the_file_leaves_out_stay(version: MapVersion) -> None:
    def drop(content: dict[str, Any]) -> None:
        content["rows"] = content["rows"][1:]

    found = looked_at(json_with(version, drop), version)
    assert (found.changed, found.missing) == ((), 1)


def test_rows_without_a_file_are_told_apart_by_what_the_file_said(version: MapVersion, erik: Any) -> None:
    """An old download does not take back what somebody decided since."""
    content = xlsx(version)
    row = made.row(version, SHOES)
    other = row.proposed.alternatives[0].rule
    services.edit(row.pk, other, **made.act(row, erik))
    found = looked_at(content, version)
    assert (found.changed, found.rejected) == ((), ())
    mine = looked_at(changed(content, {(SHOES, FIELD): "Mine", (SHOES, ACTION): "New field"}), version)
    (rejected,) = mine.rejected
    assert "Somebody changed this field since the download" in rejected.sentence


def test_both_meant_the_same(version: MapVersion, erik: Any) -> None:
    content = changed(xlsx(version), {(SHOES, ACTION): "Do not migrate"})
    row = made.row(version, SHOES)
    services.skip_field(row.pk, **made.act(row, erik))
    found = looked_at(content, version)
    assert (found.changed, found.rejected) == ((), ())


# What is rejected


@pytest.mark.parametrize(
    ("key", "title", "value", "ref", "sentence"),
    [
        (SHOES, ACTION, "Maybe", "Fields!E7", "“Maybe” is not in the list"),
        (SHOES, FIELD, "=1+1", "Fields!G7", "holds a formula"),
        (SHOES, FIELD, "Nowhere", "Fields!G7", "no field of person in Pipedrive"),
        (SHOES, "Conversion", "Shout", "Fields!I7", "is not in the list"),
        (SHOES, "Conversion", "Date", "Fields!I7", "gives no value that this type"),
        (STORE, ACTION, "Do not migrate", "Fields!A8", "Sections disagree about its type"),
    ],
)
def test_a_row_that_asks_for_the_impossible_is_rejected_with_its_cell(
    key: str, title: str, value: str, ref: str, sentence: str, version: MapVersion
) -> None:
    found = looked_at(changed(xlsx(version), {(key, title): value}), version)
    assert found.changed == ()
    (rejected,) = found.rejected
    assert rejected.ref == ref
    assert sentence in rejected.sentence


def test_what_would_lose_values_is_rejected_with_the_count(version: MapVersion) -> None:
    content = changed(xlsx(version), {(LEVEL, TYPE): "Number", (LEVEL, "Conversion"): None})
    (rejected,) = looked_at(content, version).rejected
    assert "60 profiles without a value" in rejected.sentence


def test_a_consent_keeps_what_it_says(version: MapVersion) -> None:
    content = changed(xlsx(version), {(CONSENT, "Conversion"): "Text as it is"}, sheet="Consents")
    (rejected,) = looked_at(content, version).rejected
    assert (rejected.ref, "is fixed for this row" in rejected.sentence) == ("Consents!I4", True)


def test_a_field_split_by_type_is_changed_on_its_own_page(project: Project, version: MapVersion) -> None:
    staging.settle_type(project, STORE, "split")
    content = xlsx(version)
    assert looked_at(content, version).changed == ()
    found = looked_at(changed(content, {(STORE, FIELD): "Shop"}), version)
    assert [r.sentence for r in found.rejected] == ["This field is split by type. Change it on its own page."]
    assert len(found.unchanged) == version.decisions.count() - 1
    renamed = json_with(version, lambda c: rule_in(c, STORE).update(field="Shop"))
    assert len(looked_at(renamed, version).rejected) == 1


@pytest.mark.parametrize(
    ("key", "change", "ref", "sentence"),
    [
        (SHOES, {"transform": "shout"}, "transform", "“shout” does not exist"),
        (SHOES, {"action": "delete"}, "action", "is not in its list"),
        (SHOES, {"object": 7}, "object", "is not of the right kind"),
        (SHOES, {"type": "checkbox"}, "type", "is not in its list"),
        (SHOES, {"field": "Nowhere"}, "field", "no such field of the Pipedrive account"),
        (SHOES, {"source": "attribute:other"}, "", "cannot be changed"),
        (SHOES, {"extra": 1}, "", "exactly the keys"),
        (SHOES, {"args": [["colour", "red"]]}, "args", "no setting “colour”"),
        (SHOES, {"args": [["decimal", ";"]]}, "args", "a comma or a point"),
        (SHOES, MONEY | {"args": [["currency", "sek"]]}, "args", "“currency” is written “SEK”"),
        (SHOES, {"component": "city"}, "component", "no part of this field"),
        (SHOES, {"custom": "yes"}, "", "not of the right kind"),
        (CONSENT, {"transform": "text"}, "transform", "is fixed for this row"),
        (CONSENT, {"object": "deal"}, "object", "is fixed for this row"),
        (CONSENT, {"custom": False}, "field", "is fixed for this row"),
        ("event:email.opened", {"field": "emails"}, "field", "Events become one of"),
        ("event:profile.created", {"action": "create", "field": "x", "custom": True}, "field", "fixed"),
        ("tag:all", {"action": "create"}, "action", "No new field can be made"),
    ],
)
def test_a_rule_in_json_that_cannot_be_is_rejected_with_its_place(
    key: str, change: dict[str, Any], ref: str, sentence: str, version: MapVersion
) -> None:
    content = json_with(version, lambda c: rule_in(c, key).update(change))
    found = looked_at(content, version)
    assert found.changed == ()
    (rejected,) = found.rejected
    assert rejected.ref.endswith(f"rules[0].{ref}" if ref else "]")
    assert sentence in rejected.sentence


def test_a_rule_in_json_is_taken_whole(version: MapVersion) -> None:
    new = {"action": "create", "field": "Shoes", "update_mode": "overwrite"}
    found = looked_at(json_with(version, lambda c: rule_in(c, SHOES).update(new)), version)
    (change,) = found.changed
    assert {name: change.rule[name] for name in new} == new


def test_a_look_up_in_json_is_taken(version: MapVersion) -> None:
    new = {"options": ["Gold", "silver"], "args": [["is:guld", "Gold"]]}
    (change,) = looked_at(json_with(version, lambda c: rule_in(c, LEVEL).update(new)), version).changed
    assert {name: change.rule[name] for name in new} == new


def test_a_consent_may_have_another_name(version: MapVersion) -> None:
    content = json_with(version, lambda c: rule_in(c, CONSENT).update(field="Samtycke"))
    (change,) = looked_at(content, version).changed
    assert (change.rule["field"], change.rule["sources"]) == ("Samtycke", [])
    (same,) = looked_at(
        changed(xlsx(version), {(CONSENT, FIELD): "Samtycke"}, sheet="Consents"), version
    ).changed
    assert same.rule == change.rule


def test_a_word_in_other_letters_is_no_change(version: MapVersion) -> None:
    found = looked_at(changed(xlsx(version), {("attribute:md5_email", ACTION): "DO NOT MIGRATE"}), version)
    assert (found.changed, found.rejected) == ((), ())


def test_leaving_a_field_out_in_json_needs_no_more_than_the_word(version: MapVersion) -> None:
    content = json_with(version, lambda c: rule_in(c, SHOES).update(action="skip"))
    (change,) = looked_at(content, version).changed
    assert (change.rule["action"], change.rule["field"]) == ("archive", "")


def test_leaving_a_field_behind_in_json_needs_a_reason(version: MapVersion) -> None:
    left = json_with(version, lambda c: rule_in(c, SHOES).update(action="drop", reason="Nobody uses it"))
    (change,) = looked_at(left, version).changed
    assert (change.rule["action"], change.rule["reason"]) == ("drop", "Nobody uses it")
    bare = json_with(version, lambda c: rule_in(c, SHOES).update(action="drop"))
    (rejection,) = looked_at(bare, version).rejected
    assert "Say why" in str(rejection)


def test_a_rule_without_the_newer_keys_is_read(version: MapVersion) -> None:
    def older(content: dict[str, Any]) -> None:
        rule = rule_in(content, SHOES)
        for key in ("merge", "rank", "reason"):
            del rule[key]
        rule["update_mode"] = "overwrite"

    found = looked_at(json_with(version, older), version)
    assert found.rejected == ()
    (change,) = found.changed
    assert (change.rule["update_mode"], change.rule["merge"]) == ("overwrite", "")


# What is refused as a whole


def test_a_file_of_another_project_is_refused(version: MapVersion) -> None:
    other = made.make_map(made.make_project("other-company"), fields(), CATALOGUE)
    for content in (xlsx(other), workbook_json.json_of(other)):
        with pytest.raises(RefusedError, match=r"belongs to another project \(“other-company”\)"):
            looked_at(content, version)


def test_a_file_of_another_version_is_refused(project: Project, erik: Any) -> None:
    first = made.make_map(project)
    old = xlsx(first)
    services.approve_all(project, erik)
    draft = services.open_draft(services.sign_current(project, erik), user=erik)
    with pytest.raises(RefusedError, match="is of v1, and v2 is open now"):
        looked_at(old, draft)
    with pytest.raises(RefusedError, match="of v2, which this project does not have"):
        looked_at(xlsx(draft), MapVersion.objects.get(project=project, number=1))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda c: c.update(format="another"), "no JSON file of the field map"),
        (lambda c: c.update(version="1"), "no JSON file of the field map"),
        (lambda c: c.pop("rows"), "no JSON file of the field map"),
        (lambda c: c["rows"].append(c["rows"][0]), "are the same. Remove one"),
        (lambda c: c["rows"].append({"id": "attribute:x", "rules": []}), "which is no field of this map"),
        (lambda c: c["rows"].append("x"), "has no “id” or no “rules”"),
        (lambda c: rule_in(c, SHOES).update(field="a\x00b"), "no JSON file of the field map"),
    ],
)
def test_json_that_is_not_whole_is_refused(
    change: Callable[[dict[str, Any]], Any], sentence: str, version: MapVersion
) -> None:
    with pytest.raises(RefusedError, match=sentence):
        looked_at(json_with(version, change), version)


@pytest.mark.parametrize(
    "content",
    [
        b"{", b"[]", b"\xff\xfe{", b'{"a":1,"a":2}', b"[" * 100_000, b'{"a":1e999}', b'{"a":NaN}',
        b'{"a":"\\ud800"}',
    ],
    ids=["cut", "list", "bytes", "twice", "deep", "infinite", "nan", "half"],
)  # fmt: skip
def test_what_is_no_json_of_ours_is_refused(content: bytes) -> None:
    with pytest.raises(RefusedError, match="no JSON file of the field map"):
        uploaded_json(content)


def test_an_unknown_id_in_a_workbook_is_refused_with_its_cell(version: MapVersion) -> None:
    content = changed(xlsx(version), {("attribute:firstname", "ID"): "attribute:unknown"})
    with pytest.raises(
        RefusedError, match="Fields!A3 names “attribute:unknown”, which is no field of this map"
    ):
        looked_at(content, version)


# What becomes of it


def test_an_import_makes_proposals_and_takes_an_approval_back_visibly(version: MapVersion, erik: Any) -> None:
    approved(version, SHOES, erik)
    content = changed(
        xlsx(version),
        {(SHOES, ACTION): "New field", (SHOES, FIELD): "Shoes", (LEVEL, ACTION): "Do not migrate"},
    )
    draft = applied(content, version, erik)
    assert draft == version
    shoes, level = made.row(draft, SHOES), made.row(draft, LEVEL)
    assert (shoes.state, shoes.rules, shoes.lapsed) == (RowState.PROPOSED, (), "Changed by workbook, by Erik")
    assert (shoes.proposed.rule.field, shoes.proposed.reasons[0].text) == (
        "Shoes",
        "Erik chose this in a workbook",
    )
    assert shoes.proposed.alternatives[0].rule.field == "Skostorlek"
    assert (level.state, level.lapsed, level.proposed.rule.action) == (RowState.PROPOSED, "", "archive")
    assert not any(rule.field == "Shoes" for rule in queries.field_map(draft).rules)


def test_the_act_is_in_the_history_and_in_the_trail(version: MapVersion, erik: Any) -> None:
    content = changed(xlsx(version), {(SHOES, ACTION): "Do not migrate"})
    applied(content, version, erik)
    event = made.row(version, SHOES).events.get()
    assert (event.act, event.actor_id) == ("import", erik.pk)
    entry = TrailEntry.objects.filter(project=version.project).latest("seq")
    assert entry.sentence == "Changed 1 field of v1 by a workbook."
    assert entry.data == {"rows": 1, "file": "f" * 64}
    assert trail.first_break(version.project) is None


def test_an_imported_proposal_can_be_approved_and_signed(project: Project, erik: Any) -> None:
    version = made.make_map(project, made.FIELDS, CATALOGUE)
    content = changed(xlsx(version), {(SHOES, ACTION): "New field", (SHOES, FIELD): "Shoes"})
    applied(content, version, erik)
    services.approve_all(project, erik)
    signed = services.sign_current(project, erik)
    assert "Shoes" in {rule.field for rule in queries.field_map(signed).rules}


def test_a_change_of_a_signed_map_opens_a_draft_and_leaves_the_signed_one(
    project: Project, erik: Any
) -> None:
    version = made.make_map(project, made.FIELDS, CATALOGUE)
    services.approve_all(project, erik)
    signed = services.sign_current(project, erik)
    content = changed(xlsx(signed), {(SHOES, ACTION): "Do not migrate"})
    draft = applied(content, signed, erik)
    signed.refresh_from_db()
    assert (draft.number, draft.is_draft, signed.state) == (2, True, "signed")
    assert queries.field_map(signed).checksum == signed.checksum
    states = dict(draft.decisions.values_list("source_key", "state"))
    assert states.pop(SHOES) == RowState.PROPOSED
    assert RowState.PROPOSED not in states.values()
    assert made.row(version, SHOES).state == RowState.APPROVED


def test_uploading_the_same_file_twice_changes_nothing_more(version: MapVersion, erik: Any) -> None:
    content = changed(xlsx(version), {(SHOES, ACTION): "New field", (SHOES, FIELD): "Shoes"})
    applied(content, version, erik)
    again = looked_at(content, version)
    assert (again.changed, again.rejected) == ((), ())


def test_an_import_is_undone_as_one(version: MapVersion, erik: Any) -> None:
    approved(version, SHOES, erik)
    before = book_of(version).stamp.checksum
    content = changed(xlsx(version), {(SHOES, ACTION): "Do not migrate", (LEVEL, ACTION): "Do not migrate"})
    batch = services.apply_import(kept(content, version, erik).pk, user=erik)
    assert book_of(version).stamp.checksum != before
    services.undo_batch(version, batch.key, user=erik, client_key=uuid4())
    assert book_of(version).stamp.checksum == before
    assert made.row(version, SHOES).state == RowState.APPROVED


def test_a_new_discovery_keeps_what_a_person_proposed(
    project: Project, version: MapVersion, erik: Any
) -> None:
    content = changed(xlsx(version), {(SHOES, ACTION): "New field", (SHOES, FIELD): "Shoes"})
    applied(content, version, erik)
    made.make_discovery(project, fields(), CATALOGUE)
    services.propose_map(project)
    assert made.row(version, SHOES).proposed.rule.field == "Shoes"


def test_a_new_discovery_that_changes_the_field_proposes_anew(
    project: Project, version: MapVersion, erik: Any
) -> None:
    content = changed(xlsx(version), {(SHOES, ACTION): "New field", (SHOES, FIELD): "Shoes"})
    applied(content, version, erik)
    other = [f for f in fields() if f.key != SHOES] + [made.attribute("Shoe size", "a@b.se", "c@d.se")]
    made.make_discovery(project, other, CATALOGUE)
    services.propose_map(project)
    assert made.row(version, SHOES).proposed.rule.field != "Shoes"


def test_a_target_that_went_takes_the_proposal_with_it(
    project: Project, version: MapVersion, erik: Any
) -> None:
    content = changed(xlsx(version), {(LEVEL, ACTION): "Existing field", (LEVEL, FIELD): "Notes"})
    applied(content, version, erik)
    assert made.row(version, LEVEL).proposed.rule.field == "Notes"
    made.make_discovery(project, fields(), CATALOGUE[:1])
    services.propose_map(project)
    assert made.row(version, LEVEL).proposed.rule.field != "Notes"


def test_a_settled_type_is_the_ground_of_a_later_workbook(
    project: Project, version: MapVersion, erik: Any
) -> None:
    staging.settle_type(project, STORE, "text")
    content = changed(xlsx(version), {(STORE, FIELD): "Shop"})
    applied(content, version, erik)
    assert queries.row_of(made.row(version, STORE)).rule.field == "Shop"
    made.make_discovery(project, fields(), CATALOGUE)
    services.propose_map(project)
    assert queries.row_of(made.row(version, STORE)).rule.field == "Shop"
    staging.settle_type(project, STORE, "drop")
    assert queries.row_of(made.row(version, STORE)).rule.action == "archive"


@pytest.mark.django_db
def test_applying_many_changes_takes_no_more_queries_than_a_few() -> None:
    counts = []
    for size in (2, 40):
        own = made.make_project()
        user = made.make_member(own)
        names = [f"attribute:name_{n}" for n in range(size)]
        version = made.make_map(own, [made.attribute(f"Name {n}", "a", "b") for n in range(size)])
        content = changed(xlsx(version), {(name, ACTION): "Do not migrate" for name in names})
        preview = kept(content, version, user)
        assert len(preview.review["changed"]) == size
        with CaptureQueriesContext(connection) as queries:
            services.apply_import(preview.pk, user=user)
        counts.append(len(queries))
    assert counts[0] == counts[1]


# Exactly what was previewed, or nothing


@pytest.fixture
def preview(version: MapVersion, erik: Any) -> MapImport:
    return kept(changed(xlsx(version), {(SHOES, ACTION): "Do not migrate"}), version, erik)


def test_applying_twice_changes_nothing_more(preview: MapImport, erik: Any) -> None:
    assert str(preview) == f"map.xlsx for v{preview.version_id}"
    first = services.apply_import(preview.pk, user=erik)
    again = services.apply_import(preview.pk, user=erik)
    assert [row.pk for row in again.approved] == [row.pk for row in first.approved]
    assert DecisionEvent.objects.filter(batch=preview.pk).count() == 1


def refused(preview: MapImport, user: Any, sentence: str) -> None:
    with pytest.raises(RefusedError, match=sentence):
        services.apply_import(preview.pk, user=user)
    assert not DecisionEvent.objects.filter(batch=preview.pk).exists()


def test_a_row_that_changed_since_the_preview_stops_all_of_it(preview: MapImport, erik: Any) -> None:
    row = made.row(preview.version, SHOES)
    services.reject(row.pk, **made.act(row, erik))
    refused(preview, erik, "1 field changed since the preview. Nothing was changed")


def test_a_version_that_came_since_the_preview_stops_it(project: Project, erik: Any) -> None:
    version = made.make_map(project, made.FIELDS)
    services.approve_all(project, erik)
    signed = services.sign_current(project, erik)
    preview = kept(changed(xlsx(version), {(SHOES, ACTION): "Do not migrate"}), signed, erik)
    services.open_draft(signed, user=erik)
    refused(preview, erik, "Another version of the map was opened")


def test_a_preview_lasts_an_hour(preview: MapImport, erik: Any, version: MapVersion) -> None:
    MapImport.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    refused(preview, erik, "more than an hour old")
    kept(xlsx(version), version, erik)
    assert not MapImport.objects.filter(pk=preview.pk).exists()


def test_only_who_uploaded_a_file_applies_it(preview: MapImport, project: Project) -> None:
    refused(preview, made.make_member(project, Role.OWNER, "Olle"), "Somebody else uploaded")


def test_who_may_not_edit_applies_nothing(preview: MapImport, sofia: Any) -> None:
    refused(preview, sofia, "only engineer or owner")


def test_a_file_without_changes_opens_no_draft(project: Project, erik: Any) -> None:
    made.make_map(project, made.FIELDS)
    services.approve_all(project, erik)
    signed = services.sign_current(project, erik)
    refused(kept(xlsx(signed), signed, erik), erik, "changes nothing")
    assert project.map_versions.count() == 1
