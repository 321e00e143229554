"""Transform: a profile becomes a person, a company and deals; one bad value never fails a record."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.cases import CaseKind, Decide, Resolution, Resolutions
from migrator.engine.field_map import FieldRule, Merge, field_map_of
from migrator.engine.inventory import FieldType, SourceKind, TargetObject
from migrator.engine.phases.context import Context, Known, Supplied
from migrator.engine.phases.transform import (
    Transformed,
    deal_status,
    decided_consent,
    emails_of,
    name_of,
    resolved_tag,
    transform,
)
from migrator.engine.records import Channel, Consent, ConsentState, Kind, Profile
from migrator.texts import TOOLS
from tests import factories as made

NAMES = (made.rule("first_name"), made.rule("last_name"))
EMAIL = made.rule("email", "emails", transform="email")
MOBILE = made.rule("mobile", "phones", transform="phone", args=(("region", "SE"),), component="mobile")
COMPANY = made.rule("company", "name", object=TargetObject.ORGANIZATION)
ASTRID = {"first_name": "Astrid", "last_name": "Lindqvist", "email": "astrid@nordlys.example"}


def context(*rules: FieldRule, resolutions: Resolutions | None = None, **more: Any) -> Context:
    field_map = field_map_of([*NAMES, EMAIL, MOBILE, *rules])
    return Context(field_map, resolutions or Resolutions([]), TOOLS, {made.SECTION: "Sweden"}, **more)


def transformed(*rules: FieldRule, values: dict[str, Any] | None = None, **more: Any) -> Transformed:
    return transform([made.profile(values=ASTRID | (values or {}))], Supplied(), context(*rules, **more))


def custom(name: str, kind: FieldType = FieldType.VARCHAR, transform: str = "text", **more: Any) -> FieldRule:
    return made.rule(name, name.capitalize(), custom=True, type=kind, transform=transform, **more)


def deal(name: str, field: str = "", **more: Any) -> FieldRule:
    return made.rule(name, field or name, object=TargetObject.DEAL, **more)


def test_a_profile_becomes_a_person() -> None:
    person = transformed(values={"mobile": "070-555 01 24"}).person
    assert (person.kind, person.key, person.source_count) == (Kind.PERSON, "p-1", 1)
    assert person.body == {
        "name": "Astrid Lindqvist",
        "emails": [{"value": "astrid@nordlys.example", "label": "work", "primary": True}],
        "phones": [{"value": "+46705550124", "label": "mobile", "primary": True}],
        "owner": None,
        "labels": [],
        "custom": {},
        "organization": None,
    }


NAMED: dict[str, tuple[dict[str, Any], str]] = {
    "first and last": ({"first_name": "Ada", "last_name": "Berg"}, "Ada Berg"),
    "first alone": ({"first_name": "Ada"}, "Ada"),
    "last alone": ({"last_name": "Berg"}, "Berg"),
    "a whole name": ({"name": "Ada Berg"}, "Ada Berg"),
    "the parts win": ({"first_name": "Ada", "name": "Ada Berg"}, "Ada"),
    "blanks are no name": ({"first_name": "  ", "name": " "}, ""),
    "nothing": ({}, ""),
}


@pytest.mark.parametrize(("values", "name"), NAMED.values(), ids=NAMED)
def test_a_name_comes_from(values: dict[str, Any], name: str) -> None:
    assert name_of([made.profile(values=values)], context(made.rule("name"))) == name


def test_a_supplied_name_wins() -> None:
    found = transform([made.profile(values=ASTRID)], Supplied(name="Astrid L."), context())
    assert found.person.body["name"] == "Astrid L."


def test_a_supplied_address_becomes_the_primary_one() -> None:
    found = transform([made.profile(values=ASTRID)], Supplied(email="new@nordlys.example"), context())
    emails: Any = found.person.body["emails"]
    assert [(e["value"], e["primary"]) for e in emails] == [
        ("new@nordlys.example", True),
        ("astrid@nordlys.example", False),
    ]


def test_a_supplied_address_that_is_there_is_not_doubled() -> None:
    found = transform([made.profile(values=ASTRID)], Supplied(email="astrid@nordlys.example"), context())
    assert len(found.person.body["emails"]) == 1  # type: ignore[arg-type]


def test_the_same_address_in_another_spelling_comes_once() -> None:
    again = made.rule("email_2", "emails")
    values = ASTRID | {"email_2": "ASTRID@nordlys.example"}
    assert emails_of([made.profile(values=values)], context(again)) == ["astrid@nordlys.example"]


def test_merged_profiles_become_one_person_and_the_survivors_values_win() -> None:
    survivor = made.profile("p-1", {"email": "a@nordlys.example", "first_name": "Astrid"})
    member = made.profile(
        "p-2", {"email": "b@nordlys.example", "first_name": "Asta", "last_name": "Lindqvist"}
    )
    person = transform([survivor, member], Supplied(), context()).person
    assert (person.key, person.source_count, person.body["name"]) == ("p-1", 2, "Astrid Lindqvist")
    assert [e["value"] for e in person.body["emails"]] == [  # type: ignore[index, union-attr]
        "a@nordlys.example",
        "b@nordlys.example",
    ]


VALUES: dict[str, tuple[FieldRule, Any, Any]] = {
    "a text": (custom("shoe"), "42", "42"),
    "a number": (custom("shoe", FieldType.DOUBLE, "number"), "42,5", 42.5),
    "a list": (custom("sports", FieldType.SET, "options"), "Ski, Run", ["Ski", "Run"]),
    "one value of a list": (custom("sports", FieldType.SET, "label_title"), "ski", ["Ski"]),
    "an amount": (
        custom("income", FieldType.MONETARY, "money", args=(("currency", "NOK"),)),
        "100",
        {"value": 100, "currency": "NOK"},
    ),
    "an amount without currency": (
        custom("income", FieldType.MONETARY, "number"),
        "100",
        {"value": 100, "currency": "SEK"},
    ),
    "an amount whose rule names the currency": (
        custom("income", FieldType.MONETARY, "number", args=(("currency", "DKK"),)),
        "100",
        {"value": 100, "currency": "DKK"},
    ),
}


@pytest.mark.parametrize(("rule", "raw", "expected"), VALUES.values(), ids=VALUES)
def test_a_custom_field_holds(rule: FieldRule, raw: Any, expected: Any) -> None:
    name = rule.source.removeprefix("attribute:")
    assert transformed(rule, values={name: raw}).person.body["custom"] == {rule.ref: expected}


def test_a_value_that_cannot_be_converted_is_left_empty_and_counted() -> None:
    found = transformed(custom("shoe", FieldType.DOUBLE, "number"), values={"shoe": "large"})
    assert (found.person.body["custom"], found.lost) == ({}, {"attribute:shoe": 1})


def test_the_first_section_with_a_value_wins() -> None:
    rule = custom("shoe", sources=((made.SECTION, "old"), (made.SECTION, "shoe")))
    assert transformed(rule, values={"shoe": "42", "old": ""}).person.body["custom"] == {rule.ref: "42"}


def test_two_rules_for_one_field_give_the_first_value() -> None:
    rules = [made.rule(name, "Size", custom=True) for name in ("boot", "shoe")]
    assert transformed(*rules, values={"boot": "42", "shoe": "41"}).person.body["custom"] == {
        "person:Size:varchar": "42"
    }


NAME_PARTS = {"prefix": "van", "family": "Dijk"}
MERGED: dict[str, tuple[dict[str, Any], dict[str, str], str]] = {
    "joined in the order of their places": ({"merge": Merge.SPACE, "rank": 1}, NAME_PARTS, "van Dijk"),
    "joined the other way round": ({"merge": Merge.SPACE, "rank": 2}, NAME_PARTS, "Dijk van"),
    "the first of them": ({"merge": Merge.FIRST, "rank": 1}, NAME_PARTS, "van"),
    "the one that is filled": ({"merge": Merge.FIRST, "rank": 1}, {"family": "Dijk"}, "Dijk"),
    "an equal value once": ({"merge": Merge.COMMA, "rank": 1}, {"prefix": "dijk", "family": "Dijk"}, "dijk"),
}


@pytest.mark.parametrize(("how", "values", "expected"), MERGED.values(), ids=MERGED)
@pytest.mark.parametrize("is_custom", [True, False], ids=["custom", "standard"])
def test_two_fields_become_one_value(
    how: dict[str, Any], values: dict[str, str], expected: str, is_custom: bool
) -> None:
    target: dict[str, Any] = {"custom": True, "field": "Family name"} if is_custom else {"field": "name"}
    rules = [made.rule("family", **target), made.rule("prefix", **target, **how)]
    body = transform([made.profile(values=values)], Supplied(), context(*rules)).person.body
    found: Any = body["custom"] if is_custom else body
    assert found["person:Family name:varchar" if is_custom else "name"] == expected


def test_options_of_two_fields_are_all_kept() -> None:
    how: dict[str, Any] = {"custom": True, "field": "Sports", "type": FieldType.SET, "transform": "options"}
    rules = [made.rule("summer", **how), made.rule("winter", **how, merge=Merge.EACH, rank=2)]
    found: Any = transformed(*rules, values={"summer": "Golf;Tennis", "winter": "Ski;golf"}).person.body[
        "custom"
    ]
    assert found["person:Sports:set"] == ["Golf", "Tennis", "Ski"]


def test_what_a_join_makes_too_long_is_lost_and_counted() -> None:
    how: dict[str, Any] = {"custom": True, "field": "Notes"}
    rules = [made.rule("a", **how), made.rule("b", **how, merge=Merge.SPACE, rank=2)]
    found = transformed(*rules, values={"a": "x" * 200, "b": "y" * 200})
    assert (found.person.body["custom"], dict(found.lost)) == ({}, {rules[1].source: 1})


def test_every_part_of_a_custom_address_is_kept() -> None:
    how: dict[str, Any] = {
        "custom": True,
        "field": "Home",
        "type": FieldType.ADDRESS,
        "transform": "address_part",
    }
    values = {"street": "Storgatan 1", "zip": "111 22", "town": "Stockholm"}
    parts = {"street": "street", "zip": "postal_code", "town": "city"}
    rules = [made.rule(source, component=part, **how) for source, part in parts.items()]
    found: Any = transformed(*rules, values=values).person.body["custom"]
    assert found == {"person:Home:address": "Storgatan 1, 111 22 Stockholm"}


@given(
    st.dictionaries(
        st.sampled_from(["first_name", "email", "mobile", "shoe", "company"]), st.text(max_size=30)
    )
)
def test_no_text_ever_fails_a_record(values: dict[str, Any]) -> None:
    profile = made.profile(values=values)
    rules = [custom("shoe", FieldType.DOUBLE, "number"), COMPANY]
    assert transform([profile], Supplied(), context(*rules)).person.key == "p-1"


OWNERS = {
    "a known owner": ("Erik@Nordlys.example", "sofia@nordlys.example", "erik@nordlys.example"),
    "somebody unknown": ("gone@nordlys.example", "sofia@nordlys.example", "sofia@nordlys.example"),
    "nobody": ("", "sofia@nordlys.example", "sofia@nordlys.example"),
    "somebody unknown, without a fallback": ("gone@nordlys.example", "", None),
    "nobody, without a fallback": ("", "", None),
}


@pytest.mark.parametrize(("owner", "fallback", "expected"), OWNERS.values(), ids=OWNERS)
def test_a_profile_that_names_as_its_owner(owner: str, fallback: str, expected: str | None) -> None:
    known = Known(owners=frozenset({"erik@nordlys.example"}), fallback_owner=fallback)
    assert (
        transformed(made.rule("owner"), values={"owner": owner}, known=known).person.body["owner"] == expected
    )


# Consents

STATES = st.lists(
    st.builds(
        lambda state, day: made.consent(state, Channel.EMAIL, day),
        st.sampled_from(ConsentState),
        st.sampled_from(["", "2023-01-02T00:00:00Z", "2024-10-04T08:00:00Z"]),
    ),
    max_size=6,
)
DECIDED: dict[str, tuple[list[ConsentState], bool, str]] = {
    "an opt-in": ([ConsentState.OPT_IN], False, "Yes"),
    "a confirmed opt-in": ([ConsentState.CONFIRMED], False, "Yes"),
    "an opt-out": ([ConsentState.OPT_OUT], False, "No"),
    "a pending opt-in": ([ConsentState.PENDING], False, "No"),
    "an opt-in here and an opt-out there": ([ConsentState.OPT_IN, ConsentState.OPT_OUT], False, "No"),
    "an opt-in, suppressed": ([ConsentState.OPT_IN], True, "No"),
    "nothing": ([], False, ""),
    "nothing, suppressed": ([], True, "No"),
}


@pytest.mark.parametrize(("states", "suppressed", "answer"), DECIDED.values(), ids=DECIDED)
def test_a_consent_is_decided_for(states: list[ConsentState], suppressed: bool, answer: str) -> None:
    consents = [made.consent(state, Channel.EMAIL) for state in states]
    assert decided_consent(consents, suppressed=suppressed)[0] == answer


@given(STATES, STATES, st.booleans(), st.booleans())
def test_a_refusal_is_never_turned_into_a_permission(
    before: list[Consent], more: list[Consent], suppressed: bool, later: bool
) -> None:
    answer, _ = decided_consent(before, suppressed=suppressed)
    after, _ = decided_consent([*before, *more], suppressed=suppressed or later)
    assert answer != "No" or after == "No"
    assert not (later or any(not c.state.permits for c in more)) or after == "No"


@given(STATES, st.booleans(), st.randoms())
def test_the_order_of_consents_decides_nothing(consents: list[Consent], suppressed: bool, draw: Any) -> None:
    shuffled = list(consents)
    draw.shuffle(shuffled)
    assert decided_consent(shuffled, suppressed=suppressed) == decided_consent(
        consents, suppressed=suppressed
    )


def test_the_date_is_the_newest_of_those_that_decided() -> None:
    consents = [
        made.consent(ConsentState.OPT_OUT, Channel.EMAIL, "2023-01-02T00:00:00Z"),
        made.consent(ConsentState.OPT_OUT, Channel.EMAIL, "2023-05-06T00:00:00Z"),
        made.consent(ConsentState.OPT_IN, Channel.EMAIL, "2024-10-04T08:00:00Z"),
    ]
    assert decided_consent(consents, suppressed=False) == ("No", "2023-05-06")


def consent_rules() -> list[FieldRule]:
    keys = ("email", "email_date", "sms", "sms_date")
    return [
        FieldRule(
            f"consent:{key}", SourceKind.CONSENT, made.Action.CREATE, field=f"{key}_consent", custom=True
        )
        for key in keys
    ]


def test_each_channel_has_its_answer_and_its_date() -> None:
    consents = (
        made.consent(ConsentState.OPT_IN, Channel.EMAIL, "2024-10-04T08:00:00Z"),
        made.consent(ConsentState.OPT_OUT, Channel.SMS, "2023-01-02T08:00:00Z"),
    )
    found = transform([made.profile(consents=consents)], Supplied(), context(*consent_rules()))
    assert found.person.body["custom"] == {
        "person:email_consent:varchar": "Yes",
        "person:email_date_consent:varchar": "2024-10-04",
        "person:sms_consent:varchar": "No",
        "person:sms_date_consent:varchar": "2023-01-02",
    }


def test_without_any_consent_nothing_is_claimed() -> None:
    assert transformed(*consent_rules()).person.body["custom"] == {}


def test_of_merged_profiles_the_most_restrictive_answer_counts() -> None:
    yes, no = (made.consent(state, Channel.EMAIL) for state in (ConsentState.OPT_IN, ConsentState.OPT_OUT))
    profiles = [made.profile("p-1", consents=(yes,)), made.profile("p-2", consents=(no,))]
    body: Any = transform(profiles, Supplied(), context(*consent_rules())).person.body
    assert body["custom"]["person:email_consent:varchar"] == "No"


def test_the_suppression_of_a_merged_profile_counts() -> None:
    yes = made.consent(ConsentState.OPT_IN, Channel.SMS)
    profiles = [
        made.profile("p-1", consents=(yes,)),
        made.profile("p-2", suppressed=frozenset({Channel.SMS})),
    ]
    body: Any = transform(profiles, Supplied(), context(*consent_rules())).person.body
    assert body["custom"]["person:sms_consent:varchar"] == "No"


CHANNELS: dict[str, tuple[dict[str, Any], frozenset[Channel], str, str]] = {
    "an address alone": ({}, frozenset(), "Yes", "No"),
    "both": ({"mobile": "0705550124"}, frozenset(), "Yes", "Yes"),
    "both, suppressed for SMS": ({"mobile": "0705550124"}, frozenset({Channel.SMS}), "Yes", "No"),
    "an address, suppressed": ({}, frozenset({Channel.EMAIL}), "No", "No"),
}


@pytest.mark.parametrize(("values", "suppressed", "email", "sms"), CHANNELS.values(), ids=CHANNELS)
def test_a_profile_is_enabled_for_channels_by(
    values: dict[str, Any], suppressed: frozenset[Channel], email: str, sms: str
) -> None:
    rules = [
        FieldRule(f"channel:{c}", SourceKind.CHANNEL, made.Action.CREATE, field=f"{c}_enabled", custom=True)
        for c in Channel
    ]
    profile: Profile = made.profile(values=ASTRID | values, suppressed=suppressed)
    found = transform([profile], Supplied(), context(*rules))
    assert found.person.body["custom"] == {
        "person:email_enabled:varchar": email,
        "person:sms_enabled:varchar": sms,
    }


def test_sections_are_named_as_people_call_them() -> None:
    rule = FieldRule(
        "section", SourceKind.SECTION, made.Action.CREATE, field="Section", custom=True, type=FieldType.SET
    )
    profile = made.profile(sections=(made.SECTION, "unknown"))
    found = transform([profile], Supplied(), context(rule))
    assert found.person.body["custom"] == {rule.ref: ["Sweden", "unknown"]}
    nowhere = transform([made.profile(sections=())], Supplied(), context(rule))
    assert nowhere.person.body["custom"] == {}


# Tags


def tag_decisions(**decided: tuple[Decide, str]) -> Resolutions:
    return Resolutions(
        Resolution(CaseKind.RARE_TAG, tag, act, {"into": into} if into else {})
        for tag, (act, into) in decided.items()
    )


TAGS: dict[str, tuple[Resolutions, str]] = {
    "nothing was asked": (Resolutions([]), "vip"),
    "it was kept": (tag_decisions(vip=(Decide.KEEP, "")), "vip"),
    "it was dropped": (tag_decisions(vip=(Decide.DROP, "")), ""),
    "it was merged": (tag_decisions(vip=(Decide.MERGE_TAG, "gold")), "gold"),
    "it was merged twice": (
        tag_decisions(vip=(Decide.MERGE_TAG, "gold"), gold=(Decide.MERGE_TAG, "star")),
        "star",
    ),
    "it was merged into one that was dropped": (
        tag_decisions(vip=(Decide.MERGE_TAG, "gold"), gold=(Decide.DROP, "")),
        "",
    ),
    "it was merged in a circle": (
        tag_decisions(vip=(Decide.MERGE_TAG, "gold"), gold=(Decide.MERGE_TAG, "vip")),
        "vip",
    ),
    "it is still open": (Resolutions([], [(CaseKind.RARE_TAG, "vip")]), ""),
}


@pytest.mark.parametrize(("resolutions", "expected"), TAGS.values(), ids=TAGS)
def test_a_tag_becomes(resolutions: Resolutions, expected: str) -> None:
    assert resolved_tag("vip", resolutions) == expected


def test_tags_become_labels_once_each_in_order() -> None:
    rule = FieldRule("tag:all", SourceKind.TAG, made.Action.MAP, field="labels", transform="label_title")
    tags = (
        (made.SECTION, "vip_customer"),
        ("other", "vip customer"),
        (made.SECTION, "alpine"),
        (made.SECTION, "rare"),
    )
    resolutions = tag_decisions(rare=(Decide.DROP, ""))
    found = transform([made.profile(tags=tags)], Supplied(), context(rule, resolutions=resolutions))
    assert found.person.body["labels"] == ["Alpine", "Vip Customer"]


# Companies and deals


def test_a_company_becomes_an_organization_that_the_person_belongs_to() -> None:
    size = made.rule(
        "staff",
        "Staff",
        object=TargetObject.ORGANIZATION,
        custom=True,
        type=FieldType.DOUBLE,
        transform="number",
    )
    found = transformed(COMPANY, size, values={"company": " Nordlys Outdoor AB ", "staff": "12"})
    assert found.organization is not None
    assert (found.organization.key, found.organization.body) == (
        "nordlys outdoor",
        {"name": "Nordlys Outdoor AB", "custom": {"organization:Staff:double": 12}},
    )
    assert found.person.body["organization"] == "nordlys outdoor"


@pytest.mark.parametrize("name", ["", " ", "-", "/"])
def test_without_a_company_name_there_is_no_organization(name: str) -> None:
    found = transformed(COMPANY, values={"company": name})
    assert (found.organization, found.person.body["organization"]) == (None, None)


ADDRESSES: dict[str, tuple[dict[str, str], str]] = {
    "all its parts": (
        {
            "street": "Storgatan",
            "house_number": "1",
            "postal_code": "221 00",
            "city": "Lund",
            "country": "Sweden",
        },
        "Storgatan 1, 221 00 Lund, Sweden",
    ),
    "a town alone": ({"city": "Lund"}, "Lund"),
    "a whole address": ({"": "Storgatan 1, Lund"}, "Storgatan 1, Lund"),
}


@pytest.mark.parametrize(("parts", "expected"), ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_is_one_line_from(parts: dict[str, str], expected: str) -> None:
    rules = [
        made.rule(f"part-{part}", "address", object=TargetObject.ORGANIZATION, component=part)
        for part in (*parts, "none")
    ]
    values = {f"part-{part}": value for part, value in parts.items()} | {"company": "Nordlys"}
    found = transformed(COMPANY, *rules, values=values)
    assert found.organization is not None
    assert found.organization.body["address"] == expected


DEAL_RULES = [
    deal("deal_id", "id"),
    deal("title"),
    deal("amount", "value", transform="number"),
    deal("currency"),
    deal("status"),
    deal("stage"),
    deal("pipeline"),
    deal("seller", "owner"),
    deal("source_of", "Source", custom=True, type=FieldType.VARCHAR),
]
KNOWN = Known(
    owners=frozenset({"erik@nordlys.example"}),
    fallback_owner="sofia@nordlys.example",
    stages={"sales": frozenset({"won over", "new"}), "service": frozenset({"open"})},
)


def deal_of(**values: Any) -> Any:
    found = transformed(*DEAL_RULES, values=values, known=KNOWN)
    assert len(found.deals) == 1
    return found.deals[0]


def test_deal_attributes_become_a_deal_of_the_person() -> None:
    found = deal_of(
        deal_id="D-7", title="Skis", amount="1200", currency="nok", status="Vunnen", source_of="Fair"
    )
    assert (found.kind, found.key) == (Kind.DEAL, "D-7")
    assert found.body == {
        "title": "Skis",
        "value": 1200,
        "currency": "NOK",
        "status": "won",
        "person": "p-1",
        "organization": None,
        "owner": "sofia@nordlys.example",
        "custom": {"deal:Source:varchar": "Fair"},
    }


def test_without_deal_attributes_there_is_no_deal() -> None:
    assert transformed(*DEAL_RULES, COMPANY, values={"company": "Nordlys", "status": "open"}).deals == ()


def test_a_deal_without_title_is_named_after_the_person() -> None:
    found = deal_of(amount="1200")
    assert (found.body["title"], found.key) == (
        "Deal with Astrid Lindqvist",
        "p-1/Deal with Astrid Lindqvist",
    )


def test_an_amount_without_currency_has_the_projects() -> None:
    assert deal_of(title="Skis", amount="1200").body["currency"] == "SEK"


def test_a_deal_belongs_to_the_persons_organization() -> None:
    found = transformed(*DEAL_RULES, COMPANY, values={"title": "Skis", "company": "Nordlys AB"}, known=KNOWN)
    assert found.deals[0].body["organization"] == "nordlys"


def test_each_merged_profile_keeps_its_own_deal() -> None:
    profiles = [
        made.profile(key, ASTRID | {"title": title}) for key, title in [("p-1", "Skis"), ("p-2", "Boots")]
    ]
    found = transform(profiles, Supplied(), context(*DEAL_RULES, known=KNOWN))
    assert [(d.key, d.body["person"]) for d in found.deals] == [("p-1/Skis", "p-1"), ("p-2/Boots", "p-1")]


FALLBACK = {"owner": "sofia@nordlys.example"}
PLACES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "a known stage and pipeline": (
        {"pipeline": "Sales", "stage": "New"},
        {"pipeline": "Sales", "stage": "New"} | FALLBACK,
    ),
    "a stage of another pipeline": (
        {"pipeline": "Service", "stage": "New"},
        {"pipeline": "Service"} | FALLBACK,
    ),
    "an unknown pipeline": ({"pipeline": "Gone", "stage": "New"}, {"stage": "New"} | FALLBACK),
    "an unknown stage": ({"stage": "Gone"}, FALLBACK),
    "a stage of any pipeline": ({"stage": " new "}, {"stage": "new"} | FALLBACK),
    "a known owner": ({"seller": "ERIK@nordlys.example"}, {"owner": "erik@nordlys.example"}),
    "an unknown owner": ({"seller": "gone@nordlys.example"}, FALLBACK),
}


@pytest.mark.parametrize(("values", "expected"), PLACES.values(), ids=PLACES)
def test_a_deal_may_name(values: dict[str, str], expected: dict[str, str]) -> None:
    body = deal_of(title="Skis", **values).body
    assert {name: body[name] for name in ("pipeline", "stage", "owner") if name in body} == expected


STATUSES = {
    "Won": "won",
    " VUNNET ": "won",
    "Lost": "lost",
    "Förlorad": "lost",
    "Open": "open",
    "In progress": "open",
}


@pytest.mark.parametrize(("word", "status"), STATUSES.items(), ids=STATUSES)
def test_a_status_is_one_of_three(word: str, status: str) -> None:
    assert deal_status(word) == status
