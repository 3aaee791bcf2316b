"""Links into a page of a website: the browser shows the page where its text is (URL text fragments)."""

import re
from urllib.parse import quote

MAX_FRAGMENT_CHARACTERS = 120
_HEADINGS = " › "
_WORD_END = re.compile(r"\s+\S*\Z")


def link_to(url: str, heading: str, content: str) -> str:
    """Return a page's address with a text fragment: its nearest heading, or else the first words of a passage.

    A browser that knows no text fragments shows the page from its beginning.
    """
    text = heading.rpartition(_HEADINGS)[2].strip() or content.strip().partition("\n")[0]
    text = " ".join(text.lstrip("-•*# ").split())
    if len(text) > MAX_FRAGMENT_CHARACTERS:
        text = _WORD_END.sub("", text[:MAX_FRAGMENT_CHARACTERS])
    if not text:
        return url
    # A hyphen and a comma mean something in a text fragment.
    return f"{url}#:~:text={quote(text, safe='').replace('-', '%2D')}"
