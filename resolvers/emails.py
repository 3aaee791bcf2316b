"""E-mail addresses: the one form in which they are stored and compared."""

import unicodedata

from email_validator import EmailNotValidError, validate_email

from resolvers.errors import ErrorCode, Rejection


def normalised_email(email: str) -> str:
    """Return the one form in which an address is stored and compared. Raises `Rejection`.

    The local part is folded as identifiers are (NFKC and case, UTS 39), so that look-alikes of its letters are one. The
    domain is in the form of the DNS (IDNA 2008): in any other, SQL Server would take straße.de and strasse.de for one.
    """
    local, _, domain = email.strip().rpartition("@")
    try:
        address = validate_email(f"{_folded(local)}@{domain}", check_deliverability=False)
    except EmailNotValidError as error:
        raise Rejection(ErrorCode.EMAIL_INVALID, f"This is not an e-mail address: {error}", ["email"]) from error
    return f"{address.local_part}@{address.ascii_domain.lower()}"


def _folded(text: str) -> str:
    once = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", once).casefold()
