"""Owns the files of the page: which there are, and the headers that keep it to itself.

They are built from `clients/web/` and lie beside this module, packed; a checkout or a package that
was built without them has no page, and everything else works.
"""

import gzip
import hashlib
from pathlib import Path

from claudetted.rpc.doors.web.http import Head

_PLACE = Path(__file__).with_name("page")
_NAMES = {
    "/": "index.html",
    "/page.js": "page.js",
    "/page.css": "page.css",
    "/worker.js": "worker.js",
    "/icon.svg": "icon.svg",
    "/manifest.webmanifest": "manifest.webmanifest",
}
"""Everything that can be asked for. No name comes from a request."""
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "connect")),
        *(f"{kind}-src 'self'" for kind in ("manifest", "worker")),
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}


def answer_to(head: Head) -> tuple[int, bytes, dict[str, str]] | None:
    """(status, body, headers), or None for what is no file of the page."""
    name = _NAMES.get(head.target) if head.method == "GET" else None
    path = _PLACE / f"{name}.gz"
    if name is None or not path.exists():
        return None
    packed = path.read_bytes()
    tag = f'"{hashlib.sha256(packed).hexdigest()[:32]}"'
    headers = {**_ALWAYS, "Content-Type": _TYPES[path.with_suffix("").suffix], "ETag": tag}
    if head.headers.get("if-none-match") == tag:
        return 304, b"", headers
    if "gzip" in head.headers.get("accept-encoding", ""):
        return 200, packed, {**headers, "Content-Encoding": "gzip"}
    return 200, gzip.decompress(packed), headers
