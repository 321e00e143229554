"""The upgrade to a sliding window forgets nothing that was spent."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from migrator import budget
from migrator.engine.errors import TransientError
from migrator.models import Budget

pytestmark = pytest.mark.django_db
FILL = import_module("migrator.migrations.0005_sliding_budget").FILL


def test_what_was_spent_before_the_upgrade_still_counts() -> None:
    began = timezone.now() - timedelta(hours=3)
    Budget.objects.create(scope="pipedrive:x", token_limit=100, spent=90, window_started_at=began)
    Budget.objects.create(scope="pipedrive:y", token_limit=100)
    with connection.cursor() as cursor:
        cursor.execute(FILL)
    with pytest.raises(TransientError, match=r"used up \(90 of 100\)") as caught:
        budget.take("pipedrive:x", requests=1, tokens=11)
    assert 20.9 * 3600 < (caught.value.retry_after or 0) < 21.2 * 3600
    budget.take("pipedrive:y", requests=1, tokens=100)
