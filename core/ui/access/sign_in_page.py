"""The page of whoever is not signed in: plain HTML, as nothing of Streamlit is there before."""

from __future__ import annotations

from html import escape

_STYLE = (
    "body{font:1rem system-ui,sans-serif;max-width:26rem;margin:18vh auto 0;padding:0 1.2rem;color:#0E1618;"
    "background:#fff}a{display:block;margin:.7rem 0;padding:.7rem 1rem;border-radius:8px;background:#0B6E75;color:#fff;"
    "text-decoration:none;text-align:center}a.out{background:none;color:#0B6E75;border:1px solid #0B6E75}"
    "a:focus-visible{outline:3px solid #0E1618;outline-offset:2px}"
    "@media(prefers-color-scheme:dark){body{color:#E8EEEF;background:#12181A}a.out{color:#6CC5CA;border-color:#6CC5CA}"
    "a:focus-visible{outline-color:#E8EEEF}}"
)
_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in · Face Atlas</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head>'
    "<body><main><h1>Face Atlas</h1>{said}{links}</main></body></html>"
)


def sign_in_page(providers: tuple[str, ...], refused_address: str = "") -> str:
    """The page as HTML.

    Parameters
    ----------
    refused_address : who signed in and may not enter, or not any more
    """
    if refused_address:
        said = (
            f"<p>You signed in as <b>{escape(refused_address)}</b>, but this session has ended, or nobody gave you a "
            "role here. Sign in again, or ask an admin for a role.</p>"
        )
    else:
        said = "<p>Sign in to see the people and photos that are yours or were shared with you.</p>"
    links = "".join(f'<a href="/sign-in?with={escape(name)}">Sign in{_with(name, providers)}</a>' for name in providers)
    out = '<a class="out" href="/auth/logout">Sign out</a>' if refused_address else ""
    return _PAGE.format(style=_STYLE, said=said, links=links + out)


def _with(name: str, providers: tuple[str, ...]) -> str:
    return f" with {escape(name.replace('_', ' ').replace('-', ' ').title())}" if len(providers) > 1 else ""
