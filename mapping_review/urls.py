"""Addresses of the field map, under /m/<slug>/map/."""

from django.urls import path

from mapping_review import (
    bulk_views,
    comment_views,
    compare_views,
    model_views,
    precedent_views,
    preview_views,
    second_look_views,
    sign_views,
    views,
    workbook_views,
)

app_name = "mapping_review"
urlpatterns = [
    path("", views.field_map, name="map"),
    path("v/", views.versions, name="versions"),
    path("v/<int:number>/", views.version, name="version"),
    path("v/<int:number>/open-draft/", views.open_draft, name="open-draft"),
    path("v/<int:number>/undo/<uuid:batch>/", views.undo_batch, name="undo-batch"),
    path("v/<int:number>/export.xlsx", workbook_views.export_xlsx, name="version-xlsx"),
    path("v/<int:number>/export.json", workbook_views.export_json, name="version-json"),
    path("export.xlsx", workbook_views.export_xlsx, name="export-xlsx"),
    path("export.json", workbook_views.export_json, name="export-json"),
    path("import/", workbook_views.import_map, name="import"),
    path("import/<uuid:key>/", workbook_views.import_preview, name="import-preview"),
    path("import/<uuid:key>/apply/", workbook_views.import_apply, name="import-apply"),
    path("compare/", compare_views.choose, name="compare-choose"),
    path("compare/<int:a>..<int:b>/", compare_views.compare, name="compare"),
    path("bulk/", bulk_views.bulk_confirm, name="bulk-confirm"),
    path("bulk/look/<int:pk>/", bulk_views.bulk_look, name="bulk-look"),
    path("bulk/approve/", bulk_views.bulk_approve, name="bulk-approve"),
    path("second-look/", second_look_views.second_looks_next, name="second-looks"),
    path("second-look/<int:pk>/", second_look_views.second_look, name="second-look"),
    path("sign-off/", sign_views.sign_off, name="sign-off"),
    path("precedents/", precedent_views.precedents_page, name="precedents"),
    path("precedents/export.json", precedent_views.precedents_json, name="precedents-json"),
    path("precedents/share/", precedent_views.precedents_share, name="precedents-share"),
    path("precedents/forget/", precedent_views.precedents_forget, name="precedents-forget"),
    path("precedents/<int:pk>/forget/", precedent_views.precedent_forget, name="precedent-forget"),
    path("row/<int:pk>/precedent/", precedent_views.row_use_precedent, name="row-use-precedent"),
    path("model/", model_views.model_page, name="model"),
    path("model/switch/", model_views.model_switch, name="model-switch"),
    path("model/next/<int:number>.json", model_views.model_next, name="model-next"),
    path("model/<int:pk>/", model_views.model_exchange, name="model-exchange"),
    path("model/<int:pk>/<slug:part>.json", model_views.model_part, name="model-part"),
    path("row/<int:pk>/", views.row, name="row"),
    path("row/<int:pk>/decide/", views.row_decide, name="row-decide"),
    path("row/<int:pk>/comments/", comment_views.comment_add, name="comment-add"),
    path("row/<int:pk>/propose/", comment_views.propose, name="propose"),
    path(
        "row/<int:pk>/comments/<int:comment>/withdraw/",
        comment_views.comment_withdraw,
        name="comment-withdraw",
    ),
    path(
        "row/<int:pk>/comments/<int:comment>/approve/", comment_views.comment_approve, name="comment-approve"
    ),
    path("row/<int:pk>/edit/", views.row_edit, name="row-edit"),
    path("row/<int:pk>/try/", preview_views.row_try, name="row-try"),
    path("row/<int:pk>/preview/<slug:sha>/", preview_views.row_preview, name="row-preview"),
    path("row/<int:pk>/values/<slug:sha>/", preview_views.row_values, name="row-values"),
    path("rows/decide/", views.rows_decide, name="rows-decide"),
]
