"""Sign-ins that failed, so that guessing a password is slowed down on every worker alike."""

from django.db import models


class SignInFailure(models.Model):
    # SHA-256 over the user name and the address it came from: neither is kept.
    key = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        # The last failures of one key within the window.
        indexes = [models.Index(fields=["key", "at"], name="sign_in_failures_of_key")]

    def __str__(self) -> str:
        return self.key[:12]
