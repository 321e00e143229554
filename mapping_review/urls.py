"""Addresses of the field map, under /m/<slug>/map/."""

from django.urls import path

from mapping_review import compare_views, views, workbook_views

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
    path("bulk/", views.bulk_confirm, name="bulk-confirm"),
    path("bulk/approve/", views.bulk_approve, name="bulk-approve"),
    path("sign-off/", views.sign_off, name="sign-off"),
    path("row/<int:pk>/", views.row, name="row"),
    path("row/<int:pk>/decide/", views.row_decide, name="row-decide"),
    path("row/<int:pk>/edit/", views.row_edit, name="row-edit"),
    path("rows/decide/", views.rows_decide, name="rows-decide"),
]
