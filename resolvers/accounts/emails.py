"""E-mail addresses: the one form in which they are stored and compared."""

import unicodedata

from email_validator import EmailNotValidError, validate_email

from core.errors import ErrorCode, UserError

MAX_CHARACTERS = 254
"""The longest address that can be written to (RFC 5321, 4.5.3.1.3). What is longer is not even normalised: the time of
that grows with the square of the accents on one letter."""


def normalised_email(email: str) -> str:
    """Return the one form in which an address is stored and compared. Raises `UserError`.

    The local part is folded as identifiers are (NFKC and case, UTS 39), so that look-alikes of its letters are one. The
    domain is in the form of the DNS (IDNA 2008): in any other, SQL Server would take straße.de and strasse.de for one.
    """
    if len(email) > MAX_CHARACTERS:
        raise UserError(
            ErrorCode.EMAIL_INVALID, f"An e-mail address has at most {MAX_CHARACTERS} characters.", ["email"]
        )
    local, _, domain = email.strip().rpartition("@")
    try:
        address = validate_email(f"{_folded(local)}@{domain}", check_deliverability=False)
    except EmailNotValidError as error:
        raise UserError(ErrorCode.EMAIL_INVALID, f"This is not an e-mail address: {error}", ["email"]) from error
    return f"{address.local_part}@{address.ascii_domain.lower()}"


def _folded(text: str) -> str:
    once = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", once).casefold()
