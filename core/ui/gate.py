"""Who may speak with the app, and what a browser is told with every answer. It stands before every route of Streamlit.

Refused is a request under a name that is not the app's (a page elsewhere whose name was made to point here, "DNS
rebinding"), and one that another page sent: from another site, or from another port of this machine. A plain link from
elsewhere is let in. Streamlit itself looks at the WebSocket only, lets in every port of this machine, and to compare
an origin asks a server on the internet for this machine's address: no foreign origin gets as far.

References
----------
https://www.w3.org/TR/CSP3/, https://www.w3.org/TR/fetch-metadata/, OWASP Secure Headers Project.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from core.base.errors import InputRefused

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = "FACE_ATLAS_OPEN_TO_EVERYBODY"
OPEN_ANSWER = "yes"
FOREIGN_SITES = frozenset({b"cross-site", b"same-site"})
"""Of the header Sec-Fetch-Site: another site, and another port or sub-domain of this one."""
REFUSED = b"This address is not the app's own, or the request comes from another page. Open the app by its address."
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.S)


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches what listens at an address."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def check_address(address: str | None, opened: str | None) -> None:
    """Refuse to listen where others can enter, unless that was said in so many words.

    Parameters
    ----------
    address : the setting ``server.address``; None listens everywhere
    opened : the setting ``FACE_ATLAS_OPEN_TO_EVERYBODY``

    Raises
    ------
    InputRefused
    """
    if (address is not None and is_loopback(address)) or opened == OPEN_ANSWER:
        return
    raise InputRefused(
        f"At the address '{address or 'any'}' everybody on the network could open the app, see every photo and change "
        "everything: no sign-in is configured (README, Sign-in). Leave --server.address out to keep it to this "
        "computer. If everybody may "
        f"enter, start it with {OPEN}={OPEN_ANSWER}, and --server.allowedHosts NAME for each name it is opened by."
    )


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names under which the app may be opened."""

    named: tuple[str, ...] = ()
    """As in ``server.allowedHosts``: "faces.example.org", or "*.example.org" for every sub-domain."""
    opened: bool = False
    """Others may enter: numeric addresses are let in, which nobody can point elsewhere."""

    def allow(self, host: str) -> bool:
        """Whether a Host header, with or without a port, names the app."""
        name = host_name(host)
        if not name:
            return False
        return is_loopback(name) or any(_fits(name, pattern) for pattern in self.named) or self._is_number(name)

    def _is_number(self, name: str) -> bool:
        try:
            ip_address(name)
        except ValueError:
            return False
        return self.opened


def host_name(host: str) -> str:
    """The name in a Host header, in small letters; empty when the header is no host with or without a port."""
    try:
        parts = urlsplit(f"//{host}")
        # Reading it raises when it is no number.
        _ = parts.port
    except ValueError:
        return ""
    # A path, a query or a user name in the header would make two readers of it see two hosts. A dot at the end is the
    # same name, written in full.
    return (parts.hostname or "").rstrip(".") if parts.netloc == host and "@" not in host else ""


def _fits(name: str, pattern: str) -> bool:
    pattern = pattern.strip().lower().rstrip(".")
    # The dot stays: "*.example.org" must not let in "badexample.org".
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern


def inline_script_sources(index_html: str) -> tuple[str, ...]:
    """The scripts within Streamlit's page, each as the source that lets it, and nothing else within a page, run."""
    scripts = _INLINE_SCRIPT.findall(index_html)
    digests = (hashlib.sha256(script.encode("utf-8")).digest() for script in scripts)
    return tuple(f"'sha256-{base64.b64encode(digest).decode('ascii')}'" for digest in digests)


def response_headers(script_sources: Iterable[str]) -> tuple[tuple[bytes, bytes], ...]:
    """What goes with every answer.

    Left open as far as Streamlit needs: it writes styles into the page, loads our components' scripts by blob
    addresses, and draws pictures from data addresses.
    """
    # Everything is forbidden first; what Streamlit needs is named. Nothing is let in from another server.
    policy = {
        "default-src": "'none'",
        "script-src": " ".join(("'self'", "blob:", *script_sources)),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self' blob:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "manifest-src": "'self'",
        "frame-src": "'none'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    sent = {
        "content-security-policy": "; ".join(f"{name} {sources}" for name, sources in policy.items()),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "permissions-policy": "camera=(self), clipboard-read=(self), clipboard-write=(self), fullscreen=(self), "
        "display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    return tuple((name.encode("ascii"), value.encode("ascii")) for name, value in sent.items())


@dataclass(frozen=True, slots=True)
class Gate:
    """The app behind its checks; an ASGI application itself."""

    app: AsgiApp
    hosts: Hosts
    headers: tuple[tuple[bytes, bytes], ...]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or connection, with the headers; refuse it where it is not from here."""
        # The server's own start and end, which no client sends.
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                message = {**message, "headers": self._with_ours(message.get("headers", ()))}
            await send(message)

        if self._is_ours(scope):
            await self.app(scope, receive, send_with_headers)
        else:
            await _refuse(scope, receive, send_with_headers)

    def _with_ours(self, sent: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        # Ours alone: of two policies a browser would enforce both, and of Streamlit's we know nothing beforehand.
        ours = {name for name, _ in self.headers}
        return [*((name, value) for name, value in sent if name.lower() not in ours), *self.headers]

    def _is_ours(self, scope: Scope) -> bool:
        received: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            received.setdefault(name.lower(), []).append(value)
        hosts, origins = received.get(b"host", []), received.get(b"origin", [])
        # Of two Host headers, a server behind could obey the one that was not looked at.
        if len(hosts) != 1 or not self.hosts.allow(hosts[0].decode("latin-1")):
            return False
        # Who says where the request comes from is held to it; no script of a page can write this header itself.
        if origins:
            return len(origins) == 1 and _is_origin_of(origins[0].decode("latin-1"), hosts[0].decode("latin-1"))
        # Browsers always say whose page opens a connection.
        if scope["type"] == "websocket":
            return False
        return not FOREIGN_SITES & set(received.get(b"sec-fetch-site", [])) or _is_link(scope, received)


def _is_origin_of(origin: str, host: str) -> bool:
    scheme, separator, authority = origin.partition("://")
    return bool(separator) and scheme in ("http", "https") and authority.lower() == host.lower()


def _is_link(scope: Scope, received: dict[bytes, list[bytes]]) -> bool:
    """Whether somebody follows a link to a page of the app."""
    fetched = received.get(b"sec-fetch-mode"), received.get(b"sec-fetch-dest")
    return scope["method"] in ("GET", "HEAD") and fetched == ([b"navigate"], [b"document"])


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        # The wish to connect is taken before it is refused, as ASGI asks; the server answers it with 403.
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": REFUSED})
