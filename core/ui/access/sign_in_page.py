"""The page of whoever is not signed in: plain HTML, as nothing of Streamlit is there before."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from core.language.texts import current_language, marked
from core.language.texts import gettext as _

_STYLE = (
    "body{font:1rem system-ui,sans-serif;max-width:26rem;margin:18vh auto 0;padding:0 1.2rem;color:#0E1618;"
    "background:#fff;overflow-wrap:anywhere}"
    "a{display:block;margin:.7rem 0;padding:.7rem 1rem;border-radius:8px;background:#0B6E75;color:#fff;"
    "text-decoration:none;text-align:center}a.out{background:none;color:#0B6E75;border:1px solid #0B6E75}"
    "a:focus-visible{outline:3px solid #0E1618;outline-offset:2px}"
    "@media(prefers-color-scheme:dark){body{color:#E8EEEF;background:#12181A}a.out{color:#6CC5CA;border-color:#6CC5CA}"
    "a:focus-visible{outline-color:#E8EEEF}}"
)
_PAGE = (
    '<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
    "<title>{title} · Face Atlas</title>"
    '<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head>'
    "<body><main><h1>Face Atlas</h1>{said}{links}</main></body></html>"
)

TOO_MANY = marked("Too many requests in a short time. Wait a minute, then go on.")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who stands before the page."""

    address: str = ""
    """As whom they signed in; empty for whoever did not."""
    has_role: bool = False
    """Then it is their session that has ended."""


STRANGER = Visitor()


def sign_in_page(providers: tuple[str, ...], visitor: Visitor = STRANGER, base: str = "") -> str:
    """The page as HTML.

    Parameters
    ----------
    base : what the app's addresses begin with
    """
    address = f"<b>{escape(visitor.address)}</b>"
    if visitor.has_role:
        sentence = _(
            "Your session as {address} has ended. Sign in to go on; nothing that was stored is lost.", address=address
        )
    elif visitor.address:
        sentence = _(
            "You signed in as {address}, but nobody gave you a role here. Ask an admin for one, or sign out and come "
            "as somebody else.",
            address=address,
        )
    else:
        sentence = _("Sign in to see the people and photos that are yours or were shared with you.")
    links = "".join(
        f'<a href="{base}/sign-in?with={escape(name)}">{_sign_in_with(name, providers)}</a>' for name in providers
    )
    sign_out = _("Sign out")
    out = f'<a class="out" href="{base}/auth/logout">{sign_out}</a>' if visitor.address else ""
    return _draw_page(_("Sign in"), sentence, links + out)


def too_many_page(base: str = "") -> str:
    """The page of whoever tries too often, as HTML, with the way back."""
    again = _("Try again")
    return _draw_page(_("Too many requests"), _(TOO_MANY), f'<a href="{base}/sign-in">{again}</a>')


def _draw_page(title: str, said: str, links: str) -> str:
    language = current_language()
    return _PAGE.format(
        language=language.code,
        direction="rtl" if language.is_right_to_left else "ltr",
        title=title,
        style=_STYLE,
        said=f"<p>{said}</p>",
        links=links,
    )


def _sign_in_with(name: str, providers: tuple[str, ...]) -> str:
    if len(providers) == 1:
        return _("Sign in")
    return _("Sign in with {provider}", provider=escape(name.replace("_", " ").replace("-", " ").title()))
