"""The shared rate and token budget: one row per scope, locked by whoever takes from it."""

from django.db import models


class Budget(models.Model):
    """`tat` is the theoretical arrival time of GCRA in seconds of the database's clock. `spent` is what `parts` hold
    together: the tokens of a window that slides (engine.spending), a day, or a minute for the per-minute profile;
    `window_started_at` is when the oldest of them were spent."""

    scope = models.CharField(max_length=200, unique=True)
    requests_per_window = models.FloatField(default=0)
    # The lowest limit that the server ever stated; 0 where it stated none. It outlives every pacer.
    server_limit = models.FloatField(default=0)
    window_s = models.FloatField(default=2)
    utilisation = models.FloatField(default=0.9)
    # When the pace was last slowed down, or last sped up by a step after a clean minute.
    paced_at = models.DateTimeField(null=True, blank=True)
    tat = models.FloatField(default=0)
    token_limit = models.PositiveBigIntegerField(default=0)
    token_window_s = models.PositiveIntegerField(default=86400)
    window_started_at = models.DateTimeField(null=True, blank=True)
    spent = models.PositiveBigIntegerField(default=0)
    parts = models.JSONField(default=list, blank=True)
    spent_ever = models.PositiveBigIntegerField(default=0)
    requests_ever = models.PositiveBigIntegerField(default=0)
    # 429s with no other answer between them: after an empty window they are not the burst's.
    throttled_in_a_row = models.PositiveSmallIntegerField(default=0)
    throttled_ever = models.PositiveBigIntegerField(default=0)
    paused_until = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.scope
