"""Pages for what went wrong outside of a view: a form that is too old, and an error of ours."""

from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string

from migrator.web import render_page


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token does not fit: a page left open overnight, or a form of another site."""
    sentence = "This page was open for too long. Nothing was changed. Go back, reload it and send it again."
    context = {"sentence": sentence, "status": 403}
    return render_page(request, "refused.html", "components/_refused.html", context, status=403)


def broken(request: HttpRequest) -> HttpResponse:
    """With the frame where it can still be drawn; an error page that fails as well would say nothing."""
    try:
        return render(request, "500.html", status=500)
    except Exception:
        return HttpResponseServerError(render_to_string("500.html", {"shell": None}))
