"""The dashboard as an ASGI application that sends security headers.

Start it with `python -m streamlit run deepaid_ui/server.py`. `streamlit run app.py` shows the same
pages without the headers.
"""

import importlib
import importlib.util
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
import streamlit.net_util
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime.pages_manager import PagesManager

from deepaid_ui.drafts import COOKIE

__all__ = ["POLICY", "SecurityHeaders", "app", "script_path"]

# 'unsafe-eval' is for Plotly, whose WebGL charts stay empty without it; nothing but this server
# can be asked for anything, so an image link in a host name reaches nobody.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "frame-src 'self' blob: data:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class SecurityHeaders:
    """ASGI middleware that adds the headers to each response, and names a browser once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the headers when the response starts."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                for name, value in _HEADERS.items():
                    headers[name] = value
                if _is_unnamed(scope):
                    headers.append("Set-Cookie", _cookie(scope))
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def _is_unnamed(scope: Scope) -> bool:
    # Only pages: their styles and scripts are asked for in the same moment, each by a request
    # that does not know the name yet.
    headers = Headers(scope=scope)
    wants_page = scope["method"] == "GET" and "text/html" in headers.get("accept", "")
    return wants_page and f"{COOKIE}=" not in headers.get("cookie", "")


def _cookie(scope: Scope) -> str:
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    year = 365 * 86_400
    return (
        f"{COOKIE}={secrets.token_hex(16)}; Path=/; Max-Age={year}; HttpOnly; SameSite=Lax{secure}"
    )


def script_path() -> Path:
    """Where app.py is: beside this package in a checkout, inside deepaid_core once installed."""
    beside = Path(__file__).resolve().parent.parent / "app.py"
    if beside.is_file():
        return beside
    core = importlib.util.find_spec("deepaid_core")
    locations = core.submodule_search_locations if core else None
    return Path(next(iter(locations or ["."]))) / "_dashboard" / "app.py"


@asynccontextmanager
async def _prepared(_: st.App) -> AsyncIterator[None]:
    # The first visitor must not wait for these imports, so the server starts with them.
    for part in (
        "about",
        "data",
        "detectors_one",
        "investigate",
        "overview",
        "patterns",
        "queue_view",
    ):
        importlib.import_module(f"deepaid_ui.{part}")
    yield


def _unlist_own_folder() -> None:
    # Streamlit puts the folder of this file first on the path, where our `text` or `session`
    # would answer to anybody's `import text`.
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [entry for entry in sys.path if entry != here]


_unlist_own_folder()
# Streamlit asks an outside service for this machine's address when a foreign origin knocks.
streamlit.net_util.get_external_ip = lambda: None
# Streamlit takes a folder called pages/ for its older way of finding pages until st.navigation has
# run once, and would tell the first visitor of a deep link that there is no such page.
PagesManager.uses_pages_directory = False
app = st.App(script_path(), middleware=[Middleware(SecurityHeaders)], lifespan=_prepared)
