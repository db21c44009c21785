"""Owns a certificate authority of a company, which no machine knows by itself."""

import ssl
from pathlib import Path

import trustme


class Authority:
    """`file` holds its certificate, `tls` is what a server of the company on this machine shows."""

    def __init__(self, place: Path) -> None:
        made = trustme.CA()
        self.file = place / "authority.pem"
        made.cert_pem.write_to_path(str(self.file))
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.issue_cert("127.0.0.1", "localhost").configure_cert(self.tls)
