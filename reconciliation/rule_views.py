"""Pages of the rules: what is offered, what was applied or put off, and the acts on one rule. Works without JavaScript.

Applying goes by the preview of a bulk: nobody decides by a rule without having seen what it does.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST

from migrator import policies as roles
from migrator.engine.cases import CaseKind
from migrator.models import Project
from migrator.web import go, refusals, render_page, wants_partial
from reconciliation import rules as rulebook
from reconciliation.choices import KINDS, RuleState
from reconciliation.filters import Filters
from reconciliation.models import Rule

PAGE, OFFERS = "reconciliation/rules.html", "reconciliation/_rule_offers.html"


def _rule(project: Project, pk: int) -> Rule:
    """Raises Http404 for a rule of another project, like for one that is no longer offered."""
    return get_object_or_404(Rule.objects.select_related("project"), project=project, pk=pk)


@require_GET
def rules(request: HttpRequest, slug: str) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    found = rulebook.every_rule(project)
    context = {
        "project": project,
        "parts": [(LABELS[state], PARTS[state], found[state.value]) for state in RuleState],
        "any_rule": any(found.values()),
        "kinds": [(kind.value, words.label) for kind, words in KINDS.items() if kind != CaseKind.CONSENT],
        "may_decide": roles.can_decide_items(request.user, project),
    }
    return render_page(request, PAGE, PAGE, context)


# As the button says it.
LABELS = {RuleState.OFFERED: "Offered", RuleState.APPLIED: "Applied", RuleState.DISMISSED: "Put off"}
PARTS = {
    RuleState.OFFERED: "Found in what was decided so far. Nothing happens until somebody applies one.",
    RuleState.APPLIED: "Each application can be undone as one.",
    RuleState.DISMISSED: f"Offered again after {rulebook.AGAIN} more like decisions.",
}


@require_POST
@refusals
def rule_look(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Look for rules now: the list asks for it now and then, a person may at any time."""
    project = roles.project_for(request.user, slug)
    roles.check_can_decide_items(request.user, project)
    if kind not in set(CaseKind):
        raise Http404("There is no such kind of case.")
    found = rulebook.offer(project, CaseKind(kind))
    if wants_partial(request):
        offers = rulebook.offers(project, CaseKind(kind))
        context = {"project": project, "rule_offers": offers, "may_decide": True}
        return render_page(request, PAGE, OFFERS, context)
    nouns = KINDS[CaseKind(kind)].nouns
    said = f"{len(found)} offered for {nouns}." if found else f"No rule holds for {nouns} yet."
    return go(request, reverse("reconciliation:rules", args=[slug]), said)


@require_GET
@refusals
def rule_apply(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """On to the preview of what the rule would decide, if the decisions of today still speak for it."""
    project = roles.project_for(request.user, slug)
    roles.check_can_decide_items(request.user, project)
    rule = _rule(project, pk)
    rulebook.check_holds(rule)
    return redirect(reverse("reconciliation:bulk-preview", args=[slug]) + rulebook.preview_query(rule))


@require_POST
@refusals
def rule_dismiss(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    rule = rulebook.dismiss(project, _rule(project, pk).pk, user=request.user)
    back = reverse("reconciliation:queue-kind", args=[slug, rule.kind])
    said = f"Put off. The rule is offered again after {rulebook.AGAIN} more like decisions."
    return go(request, back + Filters.from_query(request.GET).as_query(), said)


rule_urls = [
    path("rules/", rules, name="rules"),
    path("rules/look/<slug:kind>/", rule_look, name="rule-look"),
    path("rules/<int:pk>/apply/", rule_apply, name="rule-apply"),
    path("rules/<int:pk>/dismiss/", rule_dismiss, name="rule-dismiss"),
]
