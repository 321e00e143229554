"""The line on the map's page that says when no language model took part."""

from typing import Any

from django import template

from mapping_review import model_queries
from mapping_review.models import MapVersion

register = template.Library()


@register.inclusion_tag("mapping_review/_model_line.html")
def model_line(version: MapVersion) -> dict[str, Any]:
    """Asks no query where nothing is configured, else for the version's discovery, unless that was read."""
    return {"sentence": model_queries.line_for(version), "slug": version.project.slug}
