"""What a profile is recognised by: the default attributes that every account has (reference 4.3)."""

from dataclasses import dataclass

from migrator.apsis.parsing import EMAIL_ATTRIBUTE, MOBILE_ATTRIBUTE
from migrator.engine.canonical import JsonValue
from migrator.engine.matching import email_key, phone_key
from migrator.engine.records import Profile

FIRST_NAME = "com.apsis1.attributes.firstname"
LAST_NAME = "com.apsis1.attributes.lastname"
CRM_ID = "com.apsis1.attributes.crmid"


@dataclass(frozen=True, slots=True)
class Identity:
    """E-mail and phone are keys (see engine.matching), the rest is as written; "" where there is none."""

    name: str
    email: str
    phone: str
    crm_id: str


def identity_of(profile: Profile) -> Identity:
    """The first filled value of each default attribute, Sections in their own order."""
    names = [_text(profile, FIRST_NAME), _text(profile, LAST_NAME)]
    return Identity(
        name=" ".join(name for name in names if name),
        email=email_key(_text(profile, EMAIL_ATTRIBUTE)),
        phone=phone_key(_text(profile, MOBILE_ATTRIBUTE)),
        crm_id=_text(profile, CRM_ID),
    )


def _text(profile: Profile, discriminator: str) -> str:
    value: JsonValue = profile.first_value(tuple((s, discriminator) for s in profile.sections))
    return str(value).strip() if value is not None and not isinstance(value, bool) else ""
