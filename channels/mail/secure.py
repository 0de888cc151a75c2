"""Whom we trust when a connection is encrypted."""

import ssl
from pathlib import Path

TRUST = "is not one that this machine trusts; if it is your own, set FRONTDESK_EMAIL_CA_FILE"


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that trusts the usual authorities, and those in the file."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


def is_distrust(error: BaseException | None) -> bool:
    """Return whether an error, or what led to it, is a certificate that we do not trust."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
