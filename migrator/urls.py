"""Every address of Crosswalk. A project's pages lie under /m/<slug>/."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from migrator.views import (
    account,
    connections,
    discovery,
    home,
    projects,
    records,
    reports,
    rollback,
    runs,
    trail,
    tries,
    waiving,
)

Addresses = list[URLPattern | URLResolver]

_run: Addresses = [
    path("", runs.run, name="run"),
    path("live/", runs.run_live, name="run-live"),
    path("approve/", runs.run_approve, name="run-approve"),
    path("replan/", runs.run_replan, name="run-replan"),
    path("pause/", runs.run_pause, name="run-pause"),
    path("resume/", runs.run_resume, name="run-resume"),
    path("abort/", runs.run_abort, name="run-abort"),
    path("retry/", runs.run_retry, name="run-retry"),
    path("report/", reports.run_report, name="run-report"),
    path("report.json", reports.run_report_json, name="run-report-json"),
    path("records/", records.run_records, name="run-records"),
    path("rollback/", rollback.run_rollback, name="run-rollback"),
    path("rollback/start/", rollback.run_rollback_start, name="run-rollback-start"),
]

_project: Addresses = [
    path("", home.home, name="home"),
    path("discovery/", discovery.discovery, name="discovery"),
    path("discovery/start/", discovery.discovery_start, name="discovery-start"),
    path("discovery/inventory.json", discovery.discovery_inventory, name="discovery-inventory"),
    path("runs/", runs.runs, name="runs"),
    path("runs/new/", runs.run_new, name="run-new"),
    path("runs/waive/", waiving.waive, name="waive"),
    path("runs/waive/withdraw/", waiving.withdraw, name="unwaive"),
    path("runs/<int:pk>/", include(_run)),
    path("connections/", connections.connections, name="connections"),
    path("connections/<slug:side>/", connections.connections_save, name="connections-save"),
    path("connections/<slug:side>/test/", connections.connections_test, name="connections-test"),
    path("map/try/", tries.map_try, name="map-try"),
    path("trail/", trail.trail, name="trail"),
    path("trail/export.jsonl", trail.trail_export, name="trail-export"),
]

# Mounted only where they are, so that each part of the site can be built and tested on its own.
for app, place in (("reconciliation", "queue/"), ("mapping_review", "map/")):
    if find_spec(f"{app}.urls"):
        _project.append(path(place, include(f"{app}.urls")))

urlpatterns: Addresses = [
    path("", projects.projects, name="projects"),
    path("sign-in/", account.sign_in, name="sign-in"),
    path("sign-out/", account.sign_out, name="sign-out"),
    path("account/", account.account, name="account"),
    path("account/theme/", account.account_theme, name="account-theme"),
    path("m/<slug:slug>/", include(_project)),
]

handler500 = "migrator.views.problems.broken"
