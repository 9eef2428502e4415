"""Whether sign-in is configured, whole and secret enough: asked once, before a port is opened."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from streamlit import config
from streamlit.auth_util import (
    encode_provider_token,
    get_redirect_uri,
    get_secrets_auth_section,
    is_authlib_installed,
)

from core.access.directory import DirectoryFile
from core.base.errors import InputRefused

SHORTEST_SECRET = 32
_PROVIDER_KEY = "server_metadata_url"


def sign_in_providers(access_file: Path) -> tuple[str, ...]:
    """The providers by which somebody can sign in; none where nothing of it is configured.

    Raises
    ------
    InputRefused
        It is configured by half: whoever did so believes that a door is shut which is open, or the other way round.
    """
    section = get_secrets_auth_section().to_dict()
    has_roles = DirectoryFile(access_file).read() is not None
    if not section and not has_roles:
        return ()
    if not has_roles:
        raise InputRefused(
            "The secrets have a section [auth], but there is no file that says who may enter. "
            f"Write '{access_file.name}' into the data folder (README, Sign-in), or take [auth] out."
        )
    providers = tuple(name for name, value in section.items() if isinstance(value, dict) and _PROVIDER_KEY in value)
    providers = ("default", *providers) if _PROVIDER_KEY in section else providers
    if not providers or not get_redirect_uri(get_secrets_auth_section()):
        raise InputRefused(
            f"'{access_file.name}' says who may enter, but .streamlit/secrets.toml has no section "
            "[auth] with redirect_uri, cookie_secret and a provider (README, Sign-in), so that nobody could sign in."
        )
    if len(str(section.get("cookie_secret", ""))) < SHORTEST_SECRET:
        raise InputRefused(
            f"The cookie_secret in .streamlit/secrets.toml is shorter than {SHORTEST_SECRET} letters, so that it could "
            "be guessed. Write a random one, as by: python -c 'import secrets; print(secrets.token_hex(32))'"
        )
    if not is_authlib_installed():
        raise InputRefused("Sign-in needs the package Authlib. Install it: pip install -r requirements.txt")
    return providers


def login_address(provider: str) -> str:
    """Where Streamlit's own sign-in with a provider begins; good for a few minutes."""
    return f"/auth/login?provider={encode_provider_token(provider)}"


def base_path() -> str:
    """What the app's addresses begin with, where it is not alone on its server: "/faces"; else empty."""
    base = str(config.get_option("server.baseUrlPath")).strip("/")
    return f"/{base}" if base else ""


def own_origin() -> tuple[str, bool]:
    """The name under which people open the app, by the redirect address, and whether that is over TLS."""
    address = urlsplit(get_redirect_uri(get_secrets_auth_section()) or "")
    return address.hostname or "", address.scheme == "https"
