"""Addresses of the queue, under /m/<slug>/queue/."""

from django.urls import path, register_converter

from migrator.engine.cases import CaseKind
from reconciliation import views


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
    path("item/<int:pk>/", views.item, name="item"),
    path("item/<int:pk>/decide/", views.item_decide, name="item-decide"),
    path("<case_kind:kind>/", views.queue_kind, name="queue-kind"),
]
