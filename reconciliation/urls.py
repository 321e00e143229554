"""Addresses of the queue, under /m/<slug>/queue/."""

from django.urls import path, register_converter

from migrator.engine.cases import CaseKind
from reconciliation import act_views, bulk_views, views
from reconciliation.rule_views import rule_urls
from reconciliation.workbook_views import workbook_urls


class KindConverter:
    """Only the kinds that exist are addresses."""

    regex = "|".join(kind.value for kind in CaseKind)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return str(value)


register_converter(KindConverter, "case_kind")

app_name = "reconciliation"
urlpatterns = [
    path("", views.queue, name="queue"),
    path("decide/", views.decide, name="decide"),
    path("undo/", views.undo, name="undo"),
    path("history/", views.history, name="history"),
    path("assign/", act_views.assign, name="assign"),
    path("views/", act_views.views, name="views"),
    path("views/save/", act_views.views_save, name="views-save"),
    path("views/<int:pk>/delete/", act_views.views_delete, name="views-delete"),
    path("bulk/", bulk_views.bulk_preview, name="bulk-preview"),
    path("bulk/start/", bulk_views.bulk_start, name="bulk-start"),
    path("bulk/<int:pk>/", bulk_views.bulk, name="bulk"),
    path("bulk/<int:pk>/control/", bulk_views.bulk_control, name="bulk-control"),
    path("bulk/<int:pk>/undo/", bulk_views.bulk_undo, name="bulk-undo"),
    path("item/<int:pk>/", views.item, name="item"),
    path("item/<int:pk>/decide/", views.item_decide, name="item-decide"),
    path("item/<int:pk>/note/", act_views.item_note, name="item-note"),
    path("item/<int:pk>/assign/", act_views.item_assign, name="item-assign"),
    path("item/<int:pk>/hold/", act_views.item_hold, name="item-hold"),
    *rule_urls,
    *workbook_urls,
    path("<case_kind:kind>/case/", views.case, name="case"),
    path("<case_kind:kind>/", views.queue_kind, name="queue-kind"),
]
