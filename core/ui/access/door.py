"""Stands before every route of Streamlit where sign-in is configured: who is not signed in gets the sign-in page alone.

No file, no address of media and no message of a page is there for anybody else. An open page ends with its session and
goes to the sign-in page. What somebody may do once inside is decided where it is done (``core.access``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from urllib.parse import parse_qs

from core.access.permissions import Principal
from core.access.rates import RateLimit
from core.access.view import UPLOADS
from core.language.languages import Language
from core.language.preference import CHOICE_COOKIE, Preference
from core.language.texts import speaking
from core.services import Services
from core.ui.access.cookies import SignIn, read_cookies, read_sign_in
from core.ui.access.media_owners import MediaOwners
from core.ui.access.open_page import ENDED, WatchedPage, end_page
from core.ui.access.sign_in_page import STRANGER, TOO_MANY, Visitor, sign_in_page, too_many_page
from core.ui.access.signed_in import DECIDED, admit, directory_file
from core.ui.gate import AsgiApp, Message, Receive, Scope, Send

SIGN_IN = "/sign-in"
LOGIN, CALLBACK, LOGOUT = "/auth/login", "/oauth2callback", "/auth/logout"
OPEN_PATHS = frozenset({LOGIN, CALLBACK, LOGOUT, "/_stcore/health", "/_stcore/host-config"})
"""The last two say nothing of anybody: a page asks them before it connects again, and hears that its session ended."""
MEDIA, UPLOAD = "/media/", "/_stcore/upload_file/"
SIGN_INS = RateLimit(30, 60.0)
"""Of one network address. A sign-in takes three requests."""
NO_SUCH_FILE = b"There is no such file."
_HTML = (b"content-type", b"text/html; charset=utf-8")


@dataclass
class Admission:
    """Says who a cookie belongs to."""

    whole: Callable[[], Services]

    @property
    def language(self) -> str:
        """The code of the language that the installation is set to; empty where nobody set one."""
        return self.whole().settings.language

    async def admit(self, cookie: str) -> Principal | None:
        """Who it is; None for nobody with a role here and a session that goes on."""
        if decided := DECIDED.find(cookie):
            return decided[0]
        # The database is asked on another thread: all sessions share this one.
        principal = await asyncio.to_thread(self._decide, cookie)
        DECIDED.remember(cookie, principal)
        return principal

    def _decide(self, cookie: str) -> Principal | None:
        sign_in = read_sign_in(cookie)
        return admit(self.whole(), sign_in.claims, sign_in.signed_s) if sign_in else None

    def describe(self, sign_in: SignIn) -> Visitor:
        """Who stands before the sign-in page with a cookie that does not let them in, or let them in once."""
        directory = directory_file(self.whole().settings.access_file).read()
        has_role = directory is not None and directory.identify(sign_in.claims) is not None
        return Visitor(str(sign_in.claims.get("email", "")), has_role)

    def sign_out(self, sign_in: SignIn) -> None:
        """End the session of a cookie for good: a copy of it is worth nothing afterwards."""
        if principal := admit(self.whole(), sign_in.claims, sign_in.signed_s):
            self.whole().access.sign_out(principal.session, time.time())
        DECIDED.forget()


@dataclass(frozen=True)
class Door:
    """The app behind the sign-in; an ASGI application itself."""

    app: AsgiApp
    admission: Admission
    media: MediaOwners
    providers: tuple[str, ...]
    login_address: Callable[[str], str]
    is_https: bool = False
    base: str = ""
    """What the app's addresses begin with, where it is not alone on its server."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        else:
            await self._answer(scope, receive, self._securing(send) if self.is_https else send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, cookie = self._path(scope), _cookie(scope)
        if path in (SIGN_IN, LOGIN, CALLBACK) and not SIGN_INS.allows(_network_address(scope)):
            with speaking(_read_language(scope, self.admission.language)):
                page = too_many_page(self.base)
            await _reply(send, HTTPStatus.TOO_MANY_REQUESTS, page.encode(), _HTML, (b"retry-after", b"60"))
        elif path == SIGN_IN:
            await self._offer(scope, send, cookie)
        elif path in OPEN_PATHS:
            if path == LOGOUT and (sign_in := read_sign_in(cookie)):
                await asyncio.to_thread(self.admission.sign_out, sign_in)
            await self.app(scope, receive, send)
        elif principal := await self.admission.admit(cookie):
            await self._let_in(principal, scope, receive, send)
        elif scope["method"] in ("GET", "HEAD") and not path.startswith((MEDIA, "/_stcore/")):
            await _reply(send, HTTPStatus.SEE_OTHER, b"", (b"location", self._sign_in.encode()))
        else:
            await _reply(send, HTTPStatus.UNAUTHORIZED, b"Sign in first.")

    async def _let_in(self, principal: Principal, scope: Scope, receive: Receive, send: Send) -> None:
        path = self._path(scope)
        if not self._is_theirs(principal, path):
            await _reply(send, HTTPStatus.NOT_FOUND, NO_SUCH_FILE)
        elif path.startswith(UPLOAD) and scope["method"] == "PUT" and not UPLOADS.allows(principal.address):
            await _reply(send, HTTPStatus.TOO_MANY_REQUESTS, TOO_MANY.encode())
        else:
            await self.app(scope, receive, send)

    def _is_theirs(self, principal: Principal, path: str) -> bool:
        if path.startswith(MEDIA):
            return self.media.shows(principal.address, path.removeprefix(MEDIA))
        return not path.startswith(UPLOAD) or self.media.has_page(principal.address, path.removeprefix(UPLOAD))

    async def _offer(self, scope: Scope, send: Send, cookie: str) -> None:
        """The page with a link for each provider, or the way to the one that was chosen."""
        (chosen,) = parse_qs(scope["query_string"].decode("latin-1")).get("with", [""])[:1] or [""]
        if chosen in self.providers:
            address = self.base + self.login_address(chosen)
            await _reply(send, HTTPStatus.SEE_OTHER, b"", (b"location", address.encode()))
            return
        sign_in = read_sign_in(cookie)
        with speaking(_read_language(scope, self.admission.language)):
            page = sign_in_page(self.providers, self.admission.describe(sign_in) if sign_in else STRANGER, self.base)
        await _reply(send, HTTPStatus.OK, page.encode(), _HTML)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        cookie = _cookie(scope)
        if await self.admission.admit(cookie) is not None:
            page = WatchedPage(partial(self._is_admitted, cookie), receive, partial(end_page, send, self._sign_in))
            await self.app(scope, page, send)
            return
        await receive()
        if read_sign_in(cookie) is None:
            await send({"type": "websocket.close", "code": ENDED})
            return
        # A page that was open when the session ended asks to connect again: the one thing that it hears is where to go.
        await send({"type": "websocket.accept", "subprotocol": next(iter(scope.get("subprotocols", ())), None)})
        await end_page(send, self._sign_in)

    async def _is_admitted(self, cookie: str) -> bool:
        return await self.admission.admit(cookie) is not None

    @property
    def _sign_in(self) -> str:
        return self.base + SIGN_IN

    def _path(self, scope: Scope) -> str:
        return str(scope["path"]).removeprefix(self.base)

    @staticmethod
    def _securing(send: Send) -> Send:
        """Cookies go over TLS alone. Streamlit leaves that out, as it does not know what stands before it."""

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [
                    (name, value + b"; Secure" if name.lower() == b"set-cookie" else value)
                    for name, value in message.get("headers", ())
                ]
                message = {**message, "headers": headers}
            await send(message)

        return send_secured


def _cookie(scope: Scope) -> str:
    return "; ".join(_header_values(scope, b"cookie"))


def _read_language(scope: Scope, of_installation: str) -> Language:
    """In which language the one who asks reads."""
    choice = read_cookies(_cookie(scope)).get(CHOICE_COOKIE, "")
    return Preference(choice, of_installation, ",".join(_header_values(scope, b"accept-language"))).resolve()


def _header_values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _network_address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


async def _reply(send: Send, status: HTTPStatus, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    kinds = headers or ((b"content-type", b"text/plain"),)
    # Nothing that depends on who is signed in is kept by a proxy or a browser.
    await send(
        {"type": "http.response.start", "status": int(status), "headers": [*kinds, (b"cache-control", b"no-store")]}
    )
    await send({"type": "http.response.body", "body": body})
