"""Phone numbers and e-mail addresses checked with their public data sets: the real `Tools` of the
transforms."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email

_LONGEST_PHONE = 250
_LONGEST_EMAIL = 254


class LibraryTools:
    """phonenumbers and email-validator behind the engine's `Tools`. Asks no server and never raises."""

    def phone(self, value: str, region: str) -> str | None:
        if len(value) > _LONGEST_PHONE:
            return None
        try:
            parsed = phonenumbers.parse(value, region or None)
        except phonenumbers.NumberParseException:
            return None
        # "Possible" and not "valid": number plans lag behind the operators, and a real number must not be
        # lost.
        if not phonenumbers.is_possible_number(parsed):
            return None
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)

    def email(self, value: str) -> str | None:
        if len(value) > _LONGEST_EMAIL:
            return None
        try:
            # Special-use domains are let through: sandboxes and demo accounts are full of them.
            found = validate_email(value, check_deliverability=False, test_environment=True)
        except (EmailNotValidError, UnicodeError):
            return None
        return found.normalized


TOOLS = LibraryTools()


def phone_for_people(digits: str) -> str:
    """Digits with country code as people read them, "+47 997 68 424"; as they are where they are no
    number."""
    try:
        parsed = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return digits
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
