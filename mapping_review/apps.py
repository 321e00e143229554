"""Registers the mapping_review app."""

from django.apps import AppConfig


class MappingReviewConfig(AppConfig):
    name = "mapping_review"
