"""The second look's page: one row at a time, to be decided without knowing what was approved, then told.

Nothing here may show a confidence, a reason, a state or a link to the row before the answer is kept.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from mapping_review import queries, second_looks
from mapping_review.cells import detail_of, name_of, source_detail
from mapping_review.models import MapVersion, SecondLook
from mapping_review.preview import preview
from mapping_review.queries import Row
from mapping_review.views import draft_for
from migrator.engine.field_map import FieldRule, rule_from_json
from migrator.engine.inventory import SourceField
from migrator.engine.transforms.registry import REGISTRY
from migrator.texts import TOOLS
from migrator.web import refusals, render_page, wants_partial

_VALUES, _CONVERTED, _LONGEST = 6, 3, 80


class AnswerForm(forms.Form):
    """Which of the choices, numbered as the page shows them."""

    choice = forms.IntegerField(min_value=1, error_messages={"required": "Choose one of the fields first."})

    def __init__(self, data: Any, *, rules: Sequence[FieldRule]) -> None:
        self.rules = rules
        super().__init__(data)

    def clean_choice(self) -> FieldRule:
        number = self.cleaned_data["choice"]
        if number > len(self.rules):
            raise forms.ValidationError("That choice is not one of these. Choose once more.")
        return self.rules[number - 1]


@require_GET
@refusals
def second_looks_next(request: HttpRequest, slug: str) -> HttpResponse:
    """The next row that waits, or how it went."""
    _, version = draft_for(request, slug)
    looks = second_looks.open_looks(version)
    return _open(request, version, looks[0]) if looks else _page(request, version, {})


@require_http_methods(["GET", "POST"])
@refusals
def second_look(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """GET shows the row, or the answer once there is one; POST answers."""
    _, version = draft_for(request, slug)
    looks = SecondLook.objects.select_related("decision__decided_by", "decision__version__project", "event")
    look = get_object_or_404(looks, pk=pk, version=version)
    if look.answered_at:
        return _told(request, version, look)
    second_looks.check_stands(look)
    if request.method == "GET":
        return _open(request, version, look)
    form = AnswerForm(request.POST, rules=second_looks.choices_for(look, queries.row_of(look.decision)))
    if not form.is_valid():
        return _open(request, version, look, problem=str(form.errors["choice"][0]), status=422)
    answered = second_looks.answer(look, form.cleaned_data["choice"], user=request.user)
    if wants_partial(request):
        return _told(request, version, answered)
    return redirect("mapping_review:second-look", slug, pk)


def _open(
    request: HttpRequest, version: MapVersion, look: SecondLook, *, problem: str = "", status: int = 200
) -> HttpResponse:
    look.decision.version = version
    row = queries.row_of(look.decision)
    rules = second_looks.choices_for(look, row)
    context = {
        "look": look, "problem": problem, "name": look.decision.name, "detail": source_detail(row.field),
        "values": _values_of(row.field),
        "choices": [_choice(n, rule, row) for n, rule in enumerate(rules, start=1)],
    }  # fmt: skip
    return _page(request, version, context, status=status)


def _told(request: HttpRequest, version: MapVersion, look: SecondLook) -> HttpResponse:
    """What was chosen beside what had been approved; the approved rule is in the event, whatever came since."""
    chosen, approved = (rule_from_json(raw) for raw in (look.answer or {}, look.event.after["rule"]))
    context = {
        "look": look, "told": True, "name": look.decision.name, "agrees": look.agrees,
        "chosen": {"name": name_of(chosen), "detail": detail_of(chosen)},
        "approved": {"name": name_of(approved), "detail": detail_of(approved)},
        "row_url": f"{reverse('mapping_review:map', args=[version.project.slug])}?item={look.decision_id}",
    }  # fmt: skip
    return _page(request, version, context)


def _page(
    request: HttpRequest, version: MapVersion, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    context |= {
        "project": version.project,
        "version": version,
        "agreement": second_looks.agreement(version),
        "next_url": reverse("mapping_review:second-looks", args=[version.project.slug]),
    }
    page, partial = "mapping_review/second_look.html", "mapping_review/_second_look.html"
    return render_page(request, page, partial, context, status=status)


def _choice(number: int, rule: FieldRule, row: Row) -> dict[str, Any]:
    known, detail = REGISTRY.get(rule.transform), detail_of(rule)
    found = () if rule.is_left else preview(rule, row.field, TOOLS).rows[:_CONVERTED]
    return {
        "number": number,
        "name": "None of these, do not migrate" if rule.is_left else name_of(rule),
        "detail": "" if rule.is_left else detail,
        "conversion": known.title if known and found and known.title not in detail else "",
        "lines": [{"before": r.before[:_LONGEST], "after": r.after[:_LONGEST]} for r in found],
    }


def _values_of(field: SourceField) -> list[tuple[str, int]]:
    counted: Counter[str] = Counter()
    for variant in field.variants:
        counted.update(dict(variant.top))
    return [(value[:_LONGEST], count) for value, count in counted.most_common(_VALUES)]
