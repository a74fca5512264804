"""Access tokens: short-lived texts that stand for a token that was given out for good.

None is kept: each names the token's digest and its own end, under a MAC (HMAC-SHA-256) by a key of this centre's ring.
"""

import hmac

PREFIX = "saqta-access"
ACCESS_S = 900
"""So long one is good."""


def issued(key: bytes, token_sha256: str, now_ms: int) -> str:
    """One for the token of that digest, good for ACCESS_S from now on."""
    until_ms = now_ms + ACCESS_S * 1_000
    return f"{PREFIX}.{token_sha256}.{until_ms}.{_mac(key, token_sha256, str(until_ms))}"


def token_of(key: bytes, secret: str, now_ms: int) -> str | None:
    """The digest of the token that one stands for; None where it is over, or none of ours."""
    prefix, _, told = secret.partition(".")
    token_sha256, _, rest = told.partition(".")
    until_ms, _, mac = rest.partition(".")
    if prefix != PREFIX or not hmac.compare_digest(_mac(key, token_sha256, until_ms).encode(), mac.encode()):
        return None
    return token_sha256 if now_ms < int(until_ms) else None


def _mac(key: bytes, token_sha256: str, until_ms: str) -> str:
    return hmac.digest(key, f"{token_sha256}.{until_ms}".encode(), "sha256").hex()
