"""From a page's values to HTML, and the headers that go with it.

Everything is escaped by Jinja; no value is ever marked as safe. There is no script, and nothing is loaded.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from airlock.page.speech import Speech
from airlock.page.views import Page

_TEMPLATES = Path(__file__).parent / "templates"


def render_page(page: Page, speech: Speech) -> str:
    """The page as HTML."""
    return _environment().get_template("page.html").render(page=page, say=speech.say, language=str(speech.language))


@lru_cache(maxsize=1)
def headers() -> dict[str, str]:
    """The headers of every response.

    The policy lets the browser do nothing but apply the page's own style and send its form back here (W3C, "Content
    Security Policy Level 3"; OWASP, "HTTP Security Response Headers Cheat Sheet"). No referrer is told, for the page's
    address holds the token, and nothing may keep the page or put it in a frame.
    """
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    policy = {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Strict-Transport-Security": "max-age=31536000",
        "X-Robots-Tag": "noindex, nofollow",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), display-capture=(), fullscreen=(), geolocation=(), microphone=(), payment=()",
    }


def _style() -> str:
    """The style as it stands in the page; its digest in the policy is of exactly this."""
    return _environment().get_template("style.css").render()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
