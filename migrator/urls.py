"""Every address of Crosswalk. A project's pages lie under /m/<slug>/."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = []

for app in ("reconciliation", "mapping_review"):
    if find_spec(f"{app}.urls"):
        urlpatterns.append(path("m/<slug:slug>/", include(f"{app}.urls")))
