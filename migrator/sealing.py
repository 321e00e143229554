"""Seals credentials at rest with AES-256-GCM; the first configured key writes, every configured key reads.

The sealed text is "v1:<key id>:<nonce>:<ciphertext>", bound to its row so that it cannot be moved to another.
"""

import base64
import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from migrator.engine.errors import ConfigurationError


def seal(secret: str, *, bound_to: str) -> str:
    key_id, key = _keys()[0]
    nonce = secrets.token_bytes(12)
    sealed = AESGCM(key).encrypt(nonce, secret.encode(), bound_to.encode())
    return f"v1:{key_id}:{_b64(nonce)}:{_b64(sealed)}"


def unseal(sealed: str, *, bound_to: str) -> str:
    """Raises ConfigurationError where no configured key opens it."""
    try:
        version, key_id, nonce, body = sealed.split(":")
        key = dict(_keys())[key_id]
        opened = AESGCM(key).decrypt(_unb64(nonce), _unb64(body), bound_to.encode())
    except (ValueError, KeyError, InvalidTag) as problem:
        raise ConfigurationError(
            "The stored credential cannot be opened with the keys in CROSSWALK_SECRET_KEYS. "
            "Nothing else is affected. Add the key it was saved with, or save the credential again."
        ) from problem
    if version != "v1":
        raise ConfigurationError("The stored credential has an unknown format. Save the credential again.")
    return opened.decode()


def _keys() -> list[tuple[str, bytes]]:
    digests = [hashlib.sha256(text.encode()).digest() for text in settings.CROSSWALK_SECRET_KEYS]
    if not digests:
        raise ConfigurationError("CROSSWALK_SECRET_KEYS is not set. Set it to one long random text.")
    return [(hashlib.sha256(key).hexdigest()[:8], key) for key in digests]


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text)
