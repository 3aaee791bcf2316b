"""Which passwords are good enough: long enough, and not among the first that somebody would try."""

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from core.errors import ErrorCode, UserError

MIN_CHARACTERS = 10
MAX_CHARACTERS = 200
WEIGHED_CHARACTERS = 32
"""What zxcvbn reads of a password: of characters it may take for letters, 72 cost up to 4 s, and 32 at most 0.7 s."""
LEAST_SCORE = 3
"""On zxcvbn's scale from 0 to 4: at 3, a guesser needs 100 million tries, hopeless against a slow hash and a lock."""
WELL_KNOWN = (
    *("monitora", "motdepasse", "azerty", "azertyuiop", "qwertz", "qsdfghjklm", "bonjour", "coucou", "soleil"),
    *("doudou", "chouchou", "loulou", "jetaime", "princesse", "marseille", "administrateur", "utilisateur", "chatbot"),
)
"""What the product's people try first, beside zxcvbn's own lists, which are English."""
ADVICE = "Take four words that have nothing to do with each other, or let a password manager make one."

# One at a time: zxcvbn keeps the person's own words in a variable of its module. And not among asyncio's threads, where
# the queue would hold up the logins.
_weigher = ThreadPoolExecutor(1, thread_name_prefix="passwords")


async def check(password: str, email: str, full_name: str | None, *, field: str) -> None:
    """Refuse a password that is too short, too long or easy to guess for somebody who knows the person.

    Raises `UserError`, whose path is `field`.
    """
    problem: str | None
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        problem = f"A password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters."
    elif any(unicodedata.category(character) in {"Cc", "Cs"} for character in password):
        # Control characters, and lone surrogates, which JSON can spell.
        problem = "A password is made of characters that can be typed."
    else:
        own_words = [email, *email.replace("@", ".").split("."), full_name or "", *(full_name or "").split()]
        loop = asyncio.get_running_loop()
        problem = await loop.run_in_executor(_weigher, _weakness, password, [word for word in own_words if word])
    if problem is not None:
        raise UserError(ErrorCode.PASSWORD_WEAK, f"{problem} {ADVICE}", [field])


def _weakness(password: str, own_words: list[str]) -> str | None:
    """Say why a password is easy to guess, or return None."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its lists take a while to read, and most starts weigh no password

    weighed = zxcvbn(password[:WEIGHED_CHARACTERS], [*own_words, *WELL_KNOWN])
    if weighed["score"] >= LEAST_SCORE:
        return None
    return f"This password is too easy to guess. {weighed['feedback']['warning']}".strip()
