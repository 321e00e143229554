"""Signing in and out, and how a person likes the screens."""

import hashlib
from datetime import timedelta
from math import ceil
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from migrator.forms import PreferenceForm
from migrator.management.provisioning import PASSWORD, PEOPLE
from migrator.models import Membership, SignInFailure
from migrator.views.context import initials_of, preference_of
from migrator.web import go, wants_partial

MOST_FAILURES, WINDOW = 5, timedelta(minutes=15)
WRONG = "Email or password is not right."


class SignInForm(AuthenticationForm):
    """Django's form with one message for both fields, and a pause after five failures in a quarter of an hour."""

    error_messages = {"invalid_login": WRONG, "inactive": WRONG}

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).strip().lower()

    def clean(self) -> dict[str, Any]:
        key = _failure_key(self.request, self.cleaned_data.get("username", ""))
        if minutes := _minutes_locked(key):
            raise ValidationError(_wait_words(minutes), code="locked")
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            SignInFailure.objects.create(key=key, at=timezone.now())
            raise
        SignInFailure.objects.filter(key=key).delete()
        return cleaned


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponseBase:
    view = auth_views.LoginView.as_view(
        template_name="migrator/sign_in.html",
        authentication_form=SignInForm,
        redirect_authenticated_user=True,
        extra_context=_demo(),
    )
    return view(request)


def _wait_words(minutes: int) -> str:
    unit = "minute" if minutes == 1 else "minutes"
    return f"Too many tries. Nothing is lost. Try again in {minutes} {unit}, or ask the owner for a new password."


def _failure_key(request: HttpRequest | None, name: str) -> str:
    return hashlib.sha256(f"{name}|{_address(request)}".encode()).hexdigest()


def _address(request: HttpRequest | None) -> str:
    """Behind a proxy its last entry is the only one that the sender cannot make up."""
    if request is None:
        return ""
    if settings.SECURE_PROXY_SSL_HEADER and (forwarded := request.headers.get("X-Forwarded-For")):
        return forwarded.rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def _minutes_locked(key: str) -> int:
    """Whole minutes until the next try; 0 where one is free. What is older than the window is forgotten."""
    SignInFailure.objects.filter(at__lt=timezone.now() - WINDOW).delete()
    rows = SignInFailure.objects.filter(key=key).order_by("-at")
    times = list(rows.values_list("at", flat=True)[:MOST_FAILURES])
    if len(times) < MOST_FAILURES:
        return 0
    left = times[-1] + WINDOW - timezone.now()
    return max(1, ceil(left.total_seconds() / 60))


def _demo() -> dict[str, Any]:
    """The made-up people, where the project is a demo on simulators; else nothing."""
    if not settings.CROSSWALK_ALLOW_SIMULATORS:
        return {}
    names = [email for email, *_ in PEOPLE]
    rows = Membership.objects.filter(
        user__username__in=names, project__connections__config__simulator=True
    ).select_related("user")
    users = {
        row.user.get_username(): {
            "initials": initials_of(row.user),
            "name": row.user.get_full_name(),
            "role": row.get_role_display(),
            "username": row.user.get_username(),
        }
        for row in rows.order_by("pk")
    }
    return {"demo_users": list(users.values()), "demo_password": PASSWORD} if users else {}


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    return auth_views.LogoutView.as_view()(request)


@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Theme, row height and shortcuts."""
    form = PreferenceForm(request.POST or None, instance=preference_of(request.user))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("account")
    return render(request, "migrator/account.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def account_theme(request: HttpRequest) -> HttpResponse:
    """The switch in the top bar; a script has flipped the page already and wants no answer."""
    theme = request.POST.get("theme", "")
    if theme in dict(PreferenceForm.base_fields["theme"].choices):  # type: ignore[attr-defined]
        liked = preference_of(request.user)
        liked.theme = theme
        liked.save()
    if wants_partial(request) or request.headers.get("Sec-Fetch-Mode") == "cors":
        return HttpResponse(status=204)
    after = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()})
    return go(request, after if safe else "/")
