"""What happened to one profile after it was seeded, and the same as JSON for the file that survives a restart.

Only profiles that were changed have such a page, so the file grows with what was done and not with the account.
"""

from dataclasses import astuple, dataclass, field
from typing import Any

import orjson

from migrator.simulators.seeds.consents import Consent
from migrator.simulators.seeds.source import Event


@dataclass(slots=True)
class Changes:
    """The journal page of one profile.

    `keys` lays over the seeded ones (None takes a key away); `gone` says why the profile is not there (deleted,
    locked or merged) from the moment `gone_at`; `absorbed` lists the profiles that were merged into this one;
    `history` holds (section, attribute, Unix seconds, value) of every write.
    """

    attributes: dict[tuple[str, str], Any] = field(default_factory=dict)
    tags: dict[tuple[str, str], bool] = field(default_factory=dict)
    consents: dict[tuple[str, str, str], Consent] = field(default_factory=dict)
    suppressed: dict[str, bool] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    gone: str = ""
    merged_into: int | None = None
    gone_at: float = 0.0
    keys: dict[str, str | None] = field(default_factory=dict)
    absorbed: list[int] = field(default_factory=list)
    history: list[tuple[str, str, float, Any]] = field(default_factory=list)
    subscriptions: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def alters_data(self) -> bool:
        """Whether the profile reads otherwise than as seeded."""
        return bool(self.attributes or self.tags or self.keys)


def page_to_json(page: Changes) -> bytes:
    """The page as JSON; `page_from_json` gives it back."""
    body = {
        "attributes": [[*place, value] for place, value in page.attributes.items()],
        "tags": [[*place, held] for place, held in page.tags.items()],
        "consents": [astuple(consent) for consent in page.consents.values()],
        "suppressed": page.suppressed,
        "events": [[e.section, e.discriminator, e.version_id, e.time, e.data] for e in page.events],
        "gone": page.gone,
        "merged_into": page.merged_into,
        "gone_at": page.gone_at,
        "keys": page.keys,
        "absorbed": page.absorbed,
        "history": page.history,
        "subscriptions": sorted(page.subscriptions),
    }
    kept = {
        name: value for name, value in body.items() if value or (name == "merged_into" and value is not None)
    }
    return orjson.dumps(kept)


def page_from_json(raw: bytes) -> Changes:
    """The page that `page_to_json` wrote."""
    body = orjson.loads(raw)
    consents = [Consent(*row) for row in body.get("consents", ())]
    return Changes(
        attributes={(section, name): value for section, name, value in body.get("attributes", ())},
        tags={(section, name): held for section, name, held in body.get("tags", ())},
        consents={(c.section, c.topic, c.channel): c for c in consents},
        suppressed=body.get("suppressed", {}),
        events=[Event(*row) for row in body.get("events", ())],
        gone=body.get("gone", ""),
        merged_into=body.get("merged_into"),
        gone_at=body.get("gone_at", 0.0),
        keys=body.get("keys", {}),
        absorbed=body.get("absorbed", []),
        history=[tuple(row) for row in body.get("history", ())],
        subscriptions={tuple(row) for row in body.get("subscriptions", ())},
    )
