"""Fill a new account from a Preload: names become codes and ids, entries pass the same rules as requests."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from migrator.simulators.http_wsgi import Request
from migrator.simulators.pipedrive import company_pages as pages
from migrator.simulators.pipedrive import lead_labels, notes
from migrator.simulators.pipedrive.account import Account, Call, first_numbers
from migrator.simulators.pipedrive.activities import ACTIVITY
from migrator.simulators.pipedrive.catalogue import Field
from migrator.simulators.pipedrive.deals import DEAL
from migrator.simulators.pipedrive.errors import ApiError
from migrator.simulators.pipedrive.filter_sql import ENTITY_OF_TYPE
from migrator.simulators.pipedrive.filters import create_filter
from migrator.simulators.pipedrive.organizations import ORGANIZATION
from migrator.simulators.pipedrive.persons import PERSON
from migrator.simulators.pipedrive.preload import (
    DEFAULT_ACTIVITY_TYPES,
    DEFAULT_LABELS,
    DEFAULT_STAGES,
    Entry,
    Preload,
    Ref,
)
from migrator.simulators.pipedrive.records import RecordKind, new_document
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.pipedrive.times import rfc3339, spaced
from migrator.simulators.pipedrive.users import first_role, install_roles

_OWNER = {"name": "Account owner", "email": "owner@example.com"}
_COMPANY = {
    "name": "Demo company",
    "domain": "demo-company",
    "country_code": "SE",
    "default_currency": "EUR",
    "industry": "Software",
}
EMPTY_REQUEST = Request("POST", "/", {}, {})


class PreloadError(Exception):
    """A preload names something that is not there, or holds what a request could not send."""


def fill(account: Account, preload: Preload, generation: int) -> None:
    """Write the first contents of an account. Runs inside one transaction."""
    account.at(preload.as_of)
    try:
        _Filling(account, preload).run(generation)
    finally:
        account.at(None)
    account.reload()


class _Filling:
    def __init__(self, account: Account, preload: Preload) -> None:
        self.account, self.preload = account, preload
        self.store = account.store
        self.now = account.now()
        self.stamp = rfc3339(self.now)
        self.ids: dict[str, dict[Ref, int]] = {}
        self.call: Call

    def run(self, generation: int) -> None:
        self._company(generation)
        install_roles(self.account)
        lead_labels.install(self.account)
        self._users()
        self._fields()
        self._stages()
        self._types()
        self._records(ORGANIZATION, self.preload.organizations)
        self._records(PERSON, self.preload.persons)
        self._records(DEAL, self.preload.deals)
        self._records(ACTIVITY, self.preload.activities)
        self._notes()
        self._filters()

    def _company(self, generation: int) -> None:
        settings = self.account.settings
        salt = hashlib.sha256(f"{settings.account}:{settings.seed}:{generation}".encode()).hexdigest()
        self.store.set_fact("salt", salt)
        self.store.set_fact("generation", generation)
        self.store.set_fact("profiles", self.preload.profiles)
        for name, value in first_numbers(settings.seed).items():
            self.store.set_counter(name, value)
        self.account.company = {"id": int(salt[:6], 16), **_COMPANY, **(self.preload.company or {})}
        self.store.set_fact("company", self.account.company)

    def _users(self) -> None:
        tokens: dict[str, int] = {}
        for place, entry in enumerate(self.preload.users or (_OWNER,)):
            user = self._user(entry, first=place == 0)
            self.account.users[user["id"]] = user
            self.store.put("users", user["id"], user)
            self._remember("users", place, user["id"], entry["email"], entry["name"])
            token = entry.get("token") or self._own_token(user, tokens, first=place == 0)
            if token:
                tokens[token] = user["id"]
        self.account.set_tokens(tokens)
        self.store.set_fact("first_tokens", tokens)
        self.call = Call(self.account, EMPTY_REQUEST, next(iter(self.account.users.values())), self.now)

    def _own_token(self, user: Doc, given: dict[str, int], *, first: bool) -> str | None:
        # The owner and one colleague who is no admin get the settings' tokens.
        settings = self.account.settings
        if first:
            return settings.token
        clerk = user["active_flag"] and not user["is_admin"] and settings.clerk_token not in given
        return settings.clerk_token if clerk else None

    def _user(self, entry: Entry, *, first: bool) -> Doc:
        return {
            "id": self.store.next_id("users"),
            "name": entry["name"],
            "email": entry["email"],
            "default_currency": self.account.company["default_currency"],
            "locale": entry.get("locale", "en_US"),
            "lang": 1,
            "phone": None,
            "activated": True,
            "last_login": spaced(self.now),
            "created": spaced(self.now),
            "modified": spaced(self.now),
            "has_created_company": first,
            "active_flag": entry.get("active_flag", True),
            "timezone_name": entry.get("timezone_name", "Europe/Stockholm"),
            "timezone_offset": entry.get("timezone_offset", "+01:00"),
            "role_id": entry.get("role_id", first_role(self.account, is_admin=entry.get("is_admin", True))),
            "icon_url": None,
            "is_deleted": False,
            "is_admin": entry.get("is_admin", True),
        }

    def _fields(self) -> None:
        catalogue, preload = self.account.catalogue, self.preload
        catalogue.install(self.stamp)
        for entity, labels, entries in (
            ("person", preload.person_labels, preload.person_fields),
            ("organization", preload.organization_labels, preload.organization_fields),
            ("deal", preload.deal_labels, preload.deal_fields),
        ):
            pairs = [
                (item, "gray") if isinstance(item, str) else item for item in _or(labels, DEFAULT_LABELS)
            ]
            options = catalogue.new_options([text for text, _ in pairs], [color for _, color in pairs])
            field = catalogue.field(entity, "label_ids")
            if field is not None:
                catalogue.save(replace(field, options=options))
            for entry in entries:
                kind, choices = entry["field_type"], entry.get("options", ())
                catalogue.add(entity, entry["field_name"], kind, choices, self.stamp)

    def _stages(self) -> None:
        pipelines = _or(self.preload.pipelines, ({"name": "Pipeline", "stages": DEFAULT_STAGES},))
        for place, entry in enumerate(pipelines):
            number = self.store.next_id("pipelines")
            doc = pages.new_small("pipelines", number, place, self.stamp) | {"name": entry["name"]}
            self.account.save_small("pipelines", doc)
            self._remember("pipelines", place, number, entry["name"])
            for order, name in enumerate(entry.get("stages", DEFAULT_STAGES)):
                own = self.store.next_id("stages")
                stage = pages.new_small("stages", own, order, self.stamp)
                self.account.save_small("stages", stage | {"name": name, "pipeline_id": number})
                self._remember(f"stages of {number}", order, own, name)

    def _types(self) -> None:
        standard = [
            {"name": name, "icon_key": icon, "standard": True} for name, icon in DEFAULT_ACTIVITY_TYPES
        ]
        for order, entry in enumerate((*standard, *self.preload.activity_types), start=1):
            number = self.store.next_id("activity_types")
            doc = pages.new_activity_type(
                number,
                order=order,
                name=entry["name"],
                icon=entry.get("icon_key", "task"),
                color=entry.get("color"),
                stamp=spaced(self.now),
            )
            doc["is_custom_flag"] = "standard" not in entry
            self.account.save_small("activity_types", doc)

    def _records(self, kind: RecordKind, entries: Iterable[Entry]) -> None:
        rows = self._rows(kind, entries)
        self.store.insert_many(kind.kind, rows)

    def _rows(self, kind: RecordKind, entries: Iterable[Entry]) -> Iterator[tuple[Doc, float, str]]:
        for place, entry in enumerate(entries):
            try:
                doc = new_document(kind, self.call, self._body(kind, entry))
            except ApiError as problem:
                raise PreloadError(
                    f"entry {place} of the {kind.kind} is refused: {problem.error}"
                ) from problem
            doc["update_time"] = entry.get("update_time", doc["update_time"])
            names = [entry[key] for key in ("key", "name", "title", "subject") if key in entry]
            self._remember(kind.kind, place, doc["id"], *names)
            yield doc, 0.0, kind.search_text(doc)

    def _body(self, kind: RecordKind, entry: Entry) -> Doc:
        body = {key: value for key, value in entry.items() if key not in _SYMBOLIC}
        for name, (key, table) in _LINKS.items():
            if name in entry:
                body[key] = self._id(table, entry[name])
        if "person" in entry:
            person = self._id("persons", entry["person"])
            linked = {"participants": [{"person_id": person, "primary": True}]}
            body |= linked if kind is ACTIVITY else {"person_id": person}
        if "labels" in entry:
            body["label_ids"] = [self._option(kind.entity, "Labels", text) for text in entry["labels"]]
        if "custom_fields" in entry:
            items = entry["custom_fields"].items()
            body["custom_fields"] = dict(self._custom(kind.entity, name, value) for name, value in items)
        if kind is DEAL and ("pipeline" in entry or "stage" in entry):
            body |= self._stage(entry)
        if kind is ACTIVITY and "type" in entry:
            body["type"] = self._type(entry["type"])
        return body

    def _stage(self, entry: Entry) -> Doc:
        pipeline = self._id("pipelines", entry.get("pipeline", 0))
        if "stage" not in entry:
            return {"pipeline_id": pipeline}
        return {"pipeline_id": pipeline, "stage_id": self._id(f"stages of {pipeline}", entry["stage"])}

    def _type(self, name: str) -> str:
        for doc in self.account.small["activity_types"].values():
            if name in (doc["name"], doc["key_string"]):
                return str(doc["key_string"])
        raise PreloadError(f"there is no activity type {name!r}")

    def _custom(self, entity: str, name: str, value: Any) -> tuple[str, Any]:
        field = self._named(entity, name)
        if value is None:
            return field.code, None
        if field.type == "enum":
            return field.code, self._option(entity, name, value)
        if field.type == "set":
            return field.code, [self._option(entity, name, label) for label in value]
        kinds = {"user": "users", "org": "organizations", "people": "persons"}
        return field.code, self._id(kinds[field.type], value) if field.type in kinds else value

    def _named(self, entity: str, name: str) -> Field:
        catalogue = self.account.catalogue
        field = catalogue.field(entity, name) or catalogue.named(entity, name)
        if field is None:
            raise PreloadError(f"there is no {entity} field {name!r}")
        return field

    def _option(self, entity: str, name: str, label: str) -> int:
        for option in self._named(entity, name).options:
            if option.label == label:
                return option.id
        raise PreloadError(f"{entity} field {name!r} has no option {label!r}")

    def _notes(self) -> None:
        for entry in self.preload.notes:
            links = {"person": "persons", "organization": "organizations", "deal": "deals"}
            keys = {"person": "person_id", "organization": "org_id", "deal": "deal_id"}
            body = {keys[name]: self._id(links[name], entry[name]) for name in links if name in entry}
            body |= {key: entry[key] for key in ("content", "add_time") if key in entry}
            if "author" in entry:
                body["user_id"] = self._id("users", entry["author"])
            notes.create_note(self._asking(body))

    def _filters(self) -> None:
        for entry in self.preload.filters:
            entity = ENTITY_OF_TYPE[entry["type"]]
            groups = [
                {"glue": glue, "conditions": [self._condition(entity, item) for item in entry.get(name, ())]}
                for glue, name in (("and", "all"), ("or", "any"))
            ]
            conditions = {"glue": "and", "conditions": groups}
            body = {"name": entry["name"], "type": entry["type"], "conditions": conditions}
            create_filter(self._asking(body))

    def _condition(self, entity: str, item: Entry) -> Doc:
        field, value = self._named(entity, item["field"]), item.get("value")
        if field.has_options() and isinstance(value, str):
            value = str(self._option(entity, item["field"], value))
        return {
            "object": entity,
            "field_id": str(field.number),
            "operator": item.get("operator", "="),
            "value": value,
            "extra_value": None,
        }

    def _asking(self, body: Doc) -> Call:
        request = Request("POST", "/", {}, {}, json.dumps(body).encode())
        return replace(self.call, request=request)

    def _remember(self, kind: str, place: int, number: int, *names: Ref) -> None:
        known = self.ids.setdefault(kind, {})
        known[place] = number
        for name in names:
            known.setdefault(name, number)

    def _id(self, kind: str, reference: Ref) -> int:
        try:
            return self.ids[kind][reference]
        except KeyError:
            raise PreloadError(f"there is no {reference!r} among the {kind}") from None


def _or(given: Any, default: Any) -> Any:
    return default if given is None else given


_LINKS = {
    "owner": ("owner_id", "users"),
    "organization": ("org_id", "organizations"),
    "deal": ("deal_id", "deals"),
}
_SYMBOLIC = frozenset(
    [
        "key",
        "owner",
        "organization",
        "person",
        "deal",
        "labels",
        "custom_fields",
        "pipeline",
        "stage",
        "update_time",
        "author",
    ]
)
