"""HTTP Digest authentication (RFC 7616), which newer devices ask for beside or instead of WS-UsernameToken."""

import hashlib
import re
from collections.abc import Mapping, Sequence

_FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')
HASHES = ("SHA-256", "MD5")
"""The better first."""


def authorization(challenges: Sequence[str], user: str, password: str, path: str, nonce: str) -> str | None:
    """What answers the best of a server's ``WWW-Authenticate`` headers to a POST; None where none can be answered.

    ``nonce`` is ours, and used once.
    """
    told = [_fields(challenge) for challenge in challenges if challenge.lower().startswith("digest ")]
    for name in HASHES:
        for fields in told:
            if fields.get("algorithm", "MD5").upper() == name and {"realm", "nonce"} <= fields.keys():
                return _answer(fields, name, user, password, path, nonce)
    return None


def _fields(challenge: str) -> dict[str, str]:
    return {name.lower(): quoted or plain for name, quoted, plain in _FIELD.findall(challenge)}


def _answer(fields: Mapping[str, str], name: str, user: str, password: str, path: str, nonce: str) -> str:
    def hashed(*parts: str) -> str:
        text = ":".join(parts).encode()
        return hashlib.new(name.replace("-", ""), text, usedforsecurity=False).hexdigest()

    known, asked = hashed(user, fields["realm"], password), hashed("POST", path)
    told = {"username": user, "realm": fields["realm"], "nonce": fields["nonce"], "uri": path}
    count = "00000001"
    if "auth" in fields.get("qop", "").replace(" ", "").split(","):
        told |= {"cnonce": nonce, "response": hashed(known, fields["nonce"], count, nonce, "auth", asked)}
        tail = f", nc={count}, qop=auth, algorithm={name}"
    else:
        told |= {"response": hashed(known, fields["nonce"], asked)}
        tail = f", algorithm={name}"
    if "opaque" in fields:
        told["opaque"] = fields["opaque"]
    escaped = {key: value.replace("\\", "\\\\").replace('"', '\\"') for key, value in told.items()}
    return "Digest " + ", ".join(f'{key}="{value}"' for key, value in escaped.items()) + tail
