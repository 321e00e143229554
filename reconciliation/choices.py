"""States of a case, and the words, icons and keys of every kind and act; each is defined once, here."""

from dataclasses import dataclass

from django.db import models

from migrator.engine.cases import CaseKind, Decide


class ItemState(models.TextChoices):
    OPEN = "open", "Open"
    DECIDED = "decided", "Decided"
    # Parked by a person who does not know: still to be decided, and out of the way of the others.
    UNSURE = "unsure", "Unsure"
    # The last discovery no longer found the case. Its history stays; nothing waits for it.
    GONE = "gone", "Gone"


# What waits for a decision: it blocks the next stop and holds its profiles back.
UNDECIDED_STATES = (ItemState.OPEN, ItemState.UNSURE)


class BulkState(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    FINISHED = "finished", "Finished"
    # Aborted by a person, or by something unexpected: what was done stands, and one undo takes it back.
    STOPPED = "stopped", "Stopped"


class RuleState(models.TextChoices):
    OFFERED = "offered", "Offered"
    APPLIED = "applied", "Applied"
    DISMISSED = "dismissed", "Dismissed"


@dataclass(frozen=True, slots=True)
class KindWords:
    """`noun` and `nouns` continue a sentence ("Next up: 9 duplicates")."""

    label: str
    tag: str
    noun: str
    nouns: str
    icon: str


KINDS: dict[CaseKind, KindWords] = {
    CaseKind.NO_EMAIL: KindWords(
        "No email", "No email address", "profile without email", "profiles without email", "mail-off"
    ),
    CaseKind.NO_NAME: KindWords(
        "No name", "No name", "profile without name", "profiles without name", "user"
    ),
    CaseKind.DUPLICATE: KindWords("Duplicates", "Duplicate", "duplicate", "duplicates", "users"),
    CaseKind.TYPE_CONFLICT: KindWords(
        "Type conflicts", "Type conflict", "type conflict", "type conflicts", "arrows-split"
    ),
    CaseKind.RARE_TAG: KindWords("Rare tags", "Rare tag", "rare tag", "rare tags", "tags"),
    CaseKind.ORGANIZATION: KindWords(
        "Organizations", "Organization match", "organization match", "organization matches", "building"
    ),
    CaseKind.CONSENT: KindWords(
        "Consents", "Consent conflict", "consent conflict", "consent conflicts", "shield-check"
    ),
}
KIND_CHOICES = [(kind.value, words.label) for kind, words in KINDS.items()]


@dataclass(frozen=True, slots=True)
class ActionWords:
    """`button` is what one presses, `group` heads the items for which it is suggested, `past` reports it."""

    button: str
    group: str
    past: str
    icon: str
    key: str


ACTIONS: dict[Decide, ActionWords] = {
    Decide.NAME_ONLY: ActionWords("Name only", "Import by name only", "import by name only", "user", "n"),
    Decide.DERIVE_NAME: ActionWords(
        "Use this name", "Use a derived name", "named from what is known", "user", "n"
    ),
    Decide.MERGE: ActionWords("Merge", "Merge", "merged", "git-merge", "m"),
    Decide.KEEP_APART: ActionWords("Keep both", "Keep apart", "kept apart", "arrows-split", "n"),
    Decide.SUPPLY_EMAIL: ActionWords("Supply email", "Supply an email", "email supplied", "mail-plus", "e"),
    Decide.SUPPLY_NAME: ActionWords("Supply name", "Supply a name", "name supplied", "edit", "e"),
    Decide.AS_TYPE: ActionWords("Keep as one type", "Keep as one type", "kept as one type", "check", "1"),
    Decide.SPLIT: ActionWords("Split", "Split into fields", "split into fields", "arrows-split", "n"),
    Decide.MERGE_TAG: ActionWords(
        "Merge into", "Merge into a similar tag", "merged into a tag", "git-merge", "m"
    ),
    Decide.KEEP: ActionWords("Keep", "Keep as a label", "kept", "check", "n"),
    Decide.DROP: ActionWords("Drop", "Drop", "dropped", "trash", "s"),
    Decide.RENAME: ActionWords("Rename", "Rename", "renamed", "edit", "e"),
    Decide.RESTRICT: ActionWords(
        "Take No", "Take the most restrictive answer", "set to No", "shield-check", "n"
    ),
    Decide.RESTRICT_ALL: ActionWords(
        "No on every channel", "Take No on every channel", "set to No on every channel", "lock", "m"
    ),
    Decide.SKIP: ActionWords("Skip", "Skip", "skipped", "player-skip-forward", "s"),
    Decide.UNSURE: ActionWords("Unsure", "Unsure", "parked as unsure", "help-circle", "u"),
}
ACTION_CHOICES = [(action.value, words.button) for action, words in ACTIONS.items()]
# Groups of a page appear in this order: what is quick and writes something first, what writes nothing last.
GROUP_ORDER: dict[Decide, int] = {action: number for number, action in enumerate(ACTIONS)}
GROUP_HEADINGS: dict[tuple[CaseKind, Decide], str] = {
    (CaseKind.NO_EMAIL, Decide.MERGE): "Merge into a profile or Person that fits",
    (CaseKind.NO_EMAIL, Decide.SKIP): "Skip: nothing is known",
    (CaseKind.NO_NAME, Decide.SKIP): "Skip: nothing to name them by",
    (CaseKind.DUPLICATE, Decide.MERGE): "Merge into one Person",
    (CaseKind.DUPLICATE, Decide.KEEP_APART): "Keep apart",
    (CaseKind.TYPE_CONFLICT, Decide.DROP): "Do not migrate",
    (CaseKind.RARE_TAG, Decide.DROP): "Drop: used by nobody",
    (CaseKind.ORGANIZATION, Decide.MERGE): "Same company",
    (CaseKind.ORGANIZATION, Decide.KEEP_APART): "Separate companies",
}


def heading_of(kind: str, action: str) -> str:
    """The words over a group of cases with the same suggestion."""
    if not action:
        return "No suggestion"
    act = Decide(action)
    return GROUP_HEADINGS.get((CaseKind(kind), act), ACTIONS[act].group)


def past_of(action: str) -> str:
    return ACTIONS[Decide(action)].past if action else "opened again"
