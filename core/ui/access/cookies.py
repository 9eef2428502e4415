"""What cookies say, read before any of Streamlit's routes: that of a sign-in above all.

The time of signing is this computer's: a session is measured by it, whatever the provider's clock says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer
from streamlit.auth_util import get_cookie_with_chunks, get_origin_from_redirect_uri
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME


@dataclass(frozen=True, slots=True)
class SignIn:
    """What the cookie holds."""

    claims: Mapping[str, Any]
    signed_s: float
    """When it was written, in seconds since 1970."""


def read_cookies(header: str) -> dict[str, str]:
    """The cookies of a Cookie header by their names; none where it cannot be read."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


def read_sign_in(header: str) -> SignIn | None:
    """The sign-in of a Cookie header; None without one, or where it was not written here."""
    cookies = read_cookies(header)
    signed: list[float] = []

    def read_part(name: str) -> bytes | None:
        try:
            # Each name has a signature of its own: a cookie of another name is none.
            value, moment = URLSafeTimedSerializer(get_cookie_secret(), salt=name).loads(
                cookies.get(name, ""), return_timestamp=True
            )
        except BadSignature:
            return None
        signed.append(moment.timestamp())
        return value.encode("utf-8") if isinstance(value, str) else None

    content = get_cookie_with_chunks(read_part, USER_COOKIE_NAME)
    if not content:
        return None
    claims = json.loads(content)
    return SignIn(claims, min(signed)) if _is_of_here(claims) else None


def _is_of_here(claims: object) -> bool:
    return isinstance(claims, dict) and claims.get("origin") == get_origin_from_redirect_uri()
