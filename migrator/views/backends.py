"""Who is signed in, read with what every page needs of the person."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend


class WithPreference(ModelBackend):
    """Django's own sign-in; the person's preference comes in the same query, or each part of a page would ask again."""

    def get_user(self, user_id: int) -> Any:
        user = get_user_model()._default_manager.select_related("preference").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
