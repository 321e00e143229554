"""The types of event that every account has, and the custom ones of the demo."""

from dataclasses import dataclass

Schema = tuple[tuple[str, str], ...]
_MAIL: Schema = (("activity_id", "text"), ("activity_name", "text"), ("subject", "text"), ("sender", "text"))


@dataclass(frozen=True, slots=True)
class EventKind:
    """One type of event in every Section. Discriminators of built-in ones are assumed (reference 6.4).
    `years` is how long the account keeps such events."""

    key: str
    discriminator: str
    name: str
    weight: float
    schema: Schema
    description: str | None = None
    custom: bool = False
    years: int = 2


EVENT_KINDS = (
    EventKind("sent", "com.apsis1.events.email.sent", "Email sent", 30, _MAIL),
    EventKind("opened", "com.apsis1.events.email.opened", "Email opened", 26, (*_MAIL, ("device", "text"))),
    EventKind("clicked", "com.apsis1.events.email.clicked", "Email clicked", 8, (*_MAIL, ("url", "text"))),
    EventKind("bounced", "com.apsis1.events.email.bounced", "Email bounced", 1, (*_MAIL, ("reason", "text"))),
    EventKind(
        "page", "com.apsis1.events.website.page-view", "Page view", 19, (("url", "text"), ("title", "text"))
    ),
    EventKind(
        "form",
        "com.apsis1.events.forms.submitted",
        "Form submitted",
        4,
        (("form_name", "text"), ("page_url", "text"), ("message", "text")),
    ),
    EventKind(
        "purchase",
        "com.apsis1.events.transaction.custom-purchase",
        "Purchase",
        8,
        (("order_id", "text"), ("amount", "decimal"), ("currency", "text"), ("items", "number")),
        "Order in shop or on the web",
        True,
    ),
    EventKind(
        "call",
        "com.apsis1.events.signal.custom-phone_call",
        "Phone call",
        2,
        (("direction", "text"), ("duration_s", "number"), ("outcome", "text")),
        None,
        True,
    ),
    EventKind(
        "meeting",
        "com.apsis1.events.conversion.custom-meeting",
        "Meeting",
        1,
        (("subject", "text"), ("location", "text"), ("duration_min", "number")),
        None,
        True,
    ),
)
