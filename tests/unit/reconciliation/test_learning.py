"""Patterns in decisions: found where there are some, checked on what was held back, and nowhere else."""

import random
from uuid import UUID, uuid4

import pytest

from migrator.engine.cases import CaseKind, Decide
from reconciliation.learning import (
    Act,
    Left,
    Seen,
    act_of,
    chance,
    check,
    find,
    is_held_back,
    least_precision,
)

NAME_ONLY, SKIP, MERGE = Act(Decide.NAME_ONLY), Act(Decide.SKIP), Act(Decide.MERGE)


def seen(number, words="suggest:name_only phone:no", act=NAME_ONLY, held_back=None, reason=""):
    """Every third case is held back, as on average in life."""
    held_back = number % 3 == 0 if held_back is None else held_back
    return Seen(number, frozenset(words.split()), act, held_back, reason=reason)


def alike(count, start=0, **known):
    return [seen(number, **known) for number in range(start, start + count)]


def left(*words, cases=5):
    return [Left(frozenset(each.split()), cases) for each in words]


# What is left is of the sorts that the histories below are made of, unless a test says otherwise.
NO_PHONE, PHONE = "suggest:name_only phone:no", "suggest:name_only phone:yes"
REST = left(NO_PHONE)


def conditions(patterns):
    return [(pattern.condition, pattern.act) for pattern in patterns]


# What is found


def test_like_decisions_on_like_cases_are_a_pattern():
    (pattern,) = find(alike(18), REST)
    assert pattern.act == NAME_ONLY
    assert (pattern.support, pattern.held_back, pattern.agreed, pattern.exceptions) == (12, 6, 6, ())


def test_the_word_that_tells_them_apart_is_the_condition():
    history = alike(18) + alike(18, start=100, words="suggest:name_only phone:yes", act=SKIP)
    found = conditions(find(history, left(NO_PHONE, PHONE)))
    assert found == [(("phone:no",), NAME_ONLY), (("phone:yes",), SKIP)]


def test_two_words_are_named_where_neither_alone_is_enough():
    history = [
        *alike(18, words="suggest:name_only phone:no company:no", act=SKIP),
        *alike(18, start=100, words="suggest:name_only phone:no company:yes"),
        *alike(18, start=200, words="suggest:name_only phone:yes company:no"),
    ]
    found = dict(conditions(find(history, left("suggest:name_only phone:no company:no"))))
    assert found[("company:no", "phone:no")] == SKIP
    assert not {("phone:no",), ("company:no",)} & set(found)


def test_the_exceptions_are_named():
    (pattern,) = find([*alike(60), seen(61, act=SKIP)], REST)
    assert pattern.exceptions == (61,)
    assert (pattern.support, pattern.agreed) == (40, 20)


def test_a_case_that_somebody_is_unsure_of_is_an_exception():
    (pattern,) = find([*alike(60), seen(61, act=None)], REST)
    assert pattern.exceptions == (61,)


def test_a_skip_keeps_the_reason_that_most_had():
    history = [*alike(18, act=SKIP, reason="Left the company"), seen(20, act=SKIP, reason="A test")]
    (pattern,) = find(history, REST)
    assert pattern.args == {"reason": "Left the company"}


def test_a_skip_of_many_reasons_takes_none_of_them():
    history = [seen(number, act=SKIP, reason=f"Reason {number}") for number in range(18)]
    assert find(history, REST)[0].args == {}


def test_one_type_for_many_attributes_is_a_pattern_with_its_type():
    as_text = Act(Decide.AS_TYPE, "text")
    (pattern,) = find(alike(18, words="suggest:as_type", act=as_text), left("suggest:as_type"))
    assert pattern.args == {"type": "text"}


def test_no_more_than_three_are_offered_and_each_speaks_of_other_cases():
    history = [
        case
        for number in range(6)
        for case in alike(18, start=100 * number, words=f"suggest:name_only section:S{number} phone:no")
    ]
    history += alike(18, start=900, words=PHONE, act=SKIP)
    rest = left(PHONE, *(f"suggest:name_only section:S{number} phone:no" for number in range(6)))
    found = find(history, rest)
    assert conditions(found)[:1] == [(("phone:no",), NAME_ONLY)]
    assert 2 <= len(found) <= 3


def test_the_order_of_the_decisions_makes_no_difference():
    history = alike(30) + alike(18, start=100, words="suggest:name_only phone:yes", act=SKIP)
    shuffled = history[:]
    random.Random(7).shuffle(shuffled)
    rest = left(NO_PHONE, PHONE)
    assert find(history, rest)
    assert find(history, rest) == find(shuffled, rest)


# What is not


@pytest.mark.parametrize(
    "history",
    [
        [],
        alike(7, held_back=False),
        alike(7, held_back=False) + alike(30, start=100, held_back=True),
        alike(40, held_back=False) + alike(3, start=100, held_back=True),
    ],
    ids=["none", "few", "few to learn from", "few to check on"],
)
def test_few_decisions_are_no_pattern(history):
    assert find(history, REST) == ()


def test_the_held_back_decisions_have_the_last_word():
    learned = alike(20, held_back=False)
    assert find([*learned, *alike(8, start=100, held_back=True)], REST)
    assert find([*learned, *alike(8, start=100, held_back=True, act=SKIP)], REST) == ()
    one_of_eight = [*alike(7, start=100, held_back=True), seen(110, act=SKIP, held_back=True)]
    assert find([*learned, *one_of_eight], REST) == ()


def test_they_are_never_learned_from():
    """Held-back decisions alone hold a pattern; nothing is found in them."""
    assert find(alike(60, held_back=True) + alike(6, start=100, held_back=False), REST) == ()


def test_mixed_decisions_are_no_pattern():
    draw = random.Random(11)
    for _ in range(200):
        history = [
            seen(
                number,
                words=f"suggest:name_only phone:{draw.choice(['yes', 'no'])} section:{draw.choice('AB')}",
                act=draw.choice([NAME_ONLY, SKIP]),
            )
            for number in range(120)
        ]
        rest = left(*(f"suggest:name_only phone:{p} section:{s}" for p in ("yes", "no") for s in "AB"))
        assert find(history, rest) == ()


def test_a_tenth_of_other_decisions_is_too_much():
    """Forty histories of 300 decisions, a tenth of them drawn against the pattern."""
    draw = random.Random(3)
    offered = 0
    for _ in range(40):
        history = [
            seen(n, held_back=draw.random() < 1 / 3, act=SKIP if draw.random() < 0.1 else NAME_ONLY)
            for n in range(300)
        ]
        offered += bool(find(history, REST))
    assert offered <= 1


def test_no_part_is_picked_because_it_came_out_well_by_luck():
    """One case in ten is decided otherwise, whatever its words; with nine words there are many parts to try."""
    draw = random.Random(17)

    def words():
        names = {"phone": ["yes", "no"], "company": ["yes", "no"], "section": list("ABCD")}
        return "suggest:name_only " + " ".join(f"{name}:{draw.choice(of)}" for name, of in names.items())

    offered = 0
    for _ in range(60):
        history = [seen(n, words(), SKIP if draw.random() < 0.1 else NAME_ONLY) for n in range(200)]
        offered += bool(find(history, left(*(words() for _ in range(40)))))
    assert offered <= 6


def test_a_part_that_was_decided_otherwise_is_kept_out():
    history = alike(90, words="suggest:name_only phone:no section:Sweden")
    history += alike(4, start=100, words="suggest:name_only phone:no section:Shop", act=SKIP)
    rest = left(f"{NO_PHONE} section:Sweden", f"{NO_PHONE} section:Shop")
    found = find(history, rest)
    assert found
    assert all("section:Sweden" in pattern.condition for pattern in found)


def test_a_merge_is_known_only_where_the_case_suggests_it():
    history = alike(18, words="suggest:merge phone:yes", act=MERGE)
    (pattern,) = find(history, left("suggest:merge phone:yes", "suggest:keep_apart phone:yes"))
    assert "suggest:merge" in pattern.condition
    assert pattern.args == {}


def test_what_nobody_has_left_to_decide_is_no_pattern():
    assert find(alike(18), left(PHONE)) == ()
    assert find(alike(18), []) == ()


def test_cases_with_a_suggestion_that_nobody_has_looked_at_are_not_like_them():
    """All had "name only" as their suggestion. Whoever has no phone and a merge suggested is another matter."""
    rest = left(NO_PHONE, cases=900) + left("suggest:merge phone:no", cases=1)
    (pattern,) = find(alike(18), rest)
    assert "suggest:name_only" in pattern.condition
    looked_at = alike(18) + alike(18, start=100, words="suggest:merge phone:no")
    assert (("phone:no",), NAME_ONLY) in conditions(find(looked_at, rest))


def test_the_condition_is_not_wider_than_what_was_seen():
    """Only cases without a phone were looked at: "no company" alone would reach the ones with a phone, too."""
    history = alike(18, words="suggest:name_only phone:no company:no")
    rest = left("suggest:name_only phone:no company:no", "suggest:name_only phone:yes company:no")
    (pattern,) = find(history, rest)
    assert "phone:no" in pattern.condition


@pytest.mark.parametrize(("unlike", "offered"), [(5, True), (6, False)])
def test_a_few_unlike_ones_among_many_are_no_hindrance(unlike, offered):
    rest = left(NO_PHONE, cases=95) + left(f"{NO_PHONE} sure:low", cases=unlike)
    assert bool(find(alike(18), rest)) is offered


def test_a_word_that_no_count_knows_does_not_narrow_what_is_left():
    """How many of the cases with the tag have a phone is not known, so all are thought to be like the rest."""
    history = alike(18, words="suggest:name_only phone:no tag:vip")
    found = find(history, left(NO_PHONE, PHONE))
    assert found
    assert all(pattern.condition != ("tag:vip",) for pattern in found)


# What an act is


SUGGESTED = {"action": "merge", "args": {"survivor": "a", "members": ["a", "b"]}}


@pytest.mark.parametrize(
    ("kind", "action", "args", "expected"),
    [
        (CaseKind.NO_EMAIL, Decide.NAME_ONLY, {}, NAME_ONLY),
        (CaseKind.NO_EMAIL, Decide.SKIP, {"reason": "Gone"}, SKIP),
        (CaseKind.TYPE_CONFLICT, Decide.AS_TYPE, {"type": "text"}, Act(Decide.AS_TYPE, "text")),
        (CaseKind.DUPLICATE, Decide.MERGE, {"survivor": "a", "members": ["b", "a"]}, MERGE),
        (CaseKind.DUPLICATE, Decide.MERGE, {"survivor": "a", "members": ["a", "b"], "fields": {}}, MERGE),
        (CaseKind.DUPLICATE, Decide.MERGE, {"survivor": "b", "members": ["a", "b"]}, None),
        (
            CaseKind.DUPLICATE,
            Decide.MERGE,
            {"survivor": "a", "members": ["a", "b"], "fields": {"x": "b"}},
            None,
        ),
        (CaseKind.NO_EMAIL, Decide.SUPPLY_EMAIL, {"email": "a@example.com"}, None),
        (CaseKind.NO_EMAIL, Decide.UNSURE, {}, None),
        (CaseKind.ORGANIZATION, Decide.RENAME, {"name": "Acme"}, None),
        (CaseKind.CONSENT, Decide.RESTRICT, {}, None),
        (CaseKind.CONSENT, Decide.SKIP, {"reason": "Gone"}, None),
    ],
    ids=str,
)
def test_only_what_other_cases_could_take_is_learned_from(kind, action, args, expected):
    assert act_of(kind, action, args, SUGGESTED) == expected


def test_nothing_is_ever_found_in_consents():
    acts = [act_of(CaseKind.CONSENT, action, {}, {"action": action, "args": {}}) for action in Decide]
    assert find([seen(n, act=acts[n % len(acts)]) for n in range(200)], REST) == ()


# Figures


def test_a_third_is_held_back_by_request_and_always_the_same():
    draw = random.Random(5)
    batches = [UUID(int=draw.getrandbits(128), version=4) for _ in range(3000)]
    held = [is_held_back(batch) for batch in batches]
    assert 900 < sum(held) < 1100
    assert held == [is_held_back(batch) for batch in batches]
    assert is_held_back(uuid4()) in (True, False)


@pytest.mark.parametrize(
    ("agreed", "total", "least"), [(0, 0, 0), (8, 8, 0.75), (40, 40, 0.94), (38, 40, 0.86)]
)
def test_the_least_precision_grows_with_what_was_seen(agreed, total, least):
    assert least_precision(agreed, total) == pytest.approx(least, abs=0.005)


@pytest.mark.parametrize(
    ("part", "exceptions", "whole", "exceptions_of_whole", "expected"),
    [(8, 0, 16, 8, 1 / 12870), (2, 0, 4, 2, 1 / 6), (2, 1, 4, 2, 5 / 6), (2, 2, 4, 2, 1), (5, 0, 5, 0, 1)],
)
def test_the_chance_of_a_better_part_is_counted_exactly(
    part, exceptions, whole, exceptions_of_whole, expected
):
    assert chance(part, exceptions, whole, exceptions_of_whole) == pytest.approx(expected)


def test_a_pattern_is_checked_anew_on_the_decisions_of_today():
    (pattern,) = find(alike(18), REST)
    later = alike(18) + alike(6, start=100, act=SKIP)
    now = check(pattern.condition, pattern.act, later)
    assert not now.is_sound
    assert len(now.exceptions) == 6
