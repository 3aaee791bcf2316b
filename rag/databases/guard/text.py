"""The check of a statement's text, before it is parsed. Comments are taken out.

Servers and sqlglot split some texts differently: nested comments, blanks of Unicode, comments that a server executes.
Texts of these kinds are refused, though nothing of the text itself is ever sent.
"""

import unicodedata
from dataclasses import dataclass

from rag.databases.guard.allowed import SqlDialect
from rag.databases.guard.refusal import Refused

MAX_CHARACTERS = 10_000
MAX_BRACKETS = 12
"""The deepest that brackets may nest. sqlglot takes twice as long for each further level of some."""


@dataclass(frozen=True, slots=True)
class _Lexis:
    """How a dialect splits a text."""

    strings: str
    names: str
    """What opens a quoted name."""
    marks: str
    """The characters beside letters, digits, `_` and blanks that may stand outside quotes."""
    has_escapes: bool = False
    """Whether a backslash escapes the next character of a string."""
    nests_comments: bool = True
    joins_strings: bool = False
    """Whether two strings side by side are one."""
    prefixes: str = ""
    """The letters that may stand before a string."""
    hash_comments: bool = False


_COMMON = "(),.*+-/%<>=!|&^~"
_LEXIS = {
    SqlDialect.POSTGRES: _Lexis("'", '"', _COMMON + ":?@#[]"),
    SqlDialect.MYSQL: _Lexis(
        "'\"", "`", _COMMON, has_escapes=True, nests_comments=False, joins_strings=True, hash_comments=True
    ),
    SqlDialect.TSQL: _Lexis("'", '"[', _COMMON, prefixes="Nn"),
}
_ONE = "Send one SELECT statement and nothing after it."


def checked_text(sql: str, dialect: SqlDialect) -> str:
    """Return a statement without its comments and its last semicolon. Raises `Refused`."""
    if len(sql) > MAX_CHARACTERS:
        raise Refused(f"The statement has more than {MAX_CHARACTERS:,} characters.")
    for at, character in enumerate(sql):
        _check_character(sql, at, character)
    return _Scanner(sql, _LEXIS[dialect]).scan()


def _check_character(sql: str, at: int, character: str) -> None:
    if character in " \t\n" or "!" <= character <= "~" or (character == "\r" and sql[at + 1 : at + 2] == "\n"):
        return
    if unicodedata.category(character)[0] in "CZ":
        raise Refused(f"The statement holds the character U+{ord(character):04X}, a control character or a blank.")


class _Scanner:
    """Goes through a text once, from quote to quote and comment to comment."""

    def __init__(self, text: str, lexis: _Lexis) -> None:
        self._text = text
        self._lexis = lexis
        self._kept: list[str] = []
        self._brackets = 0
        self._after_string = False

    def scan(self) -> str:
        text = self._text.rstrip()
        at = 0
        while at < len(text):
            at = self._step(at)
        kept = "".join(self._kept).strip()
        ended = kept.removesuffix(";").rstrip()
        # Transact-SQL wants one before WITH, where a statement stands before it.
        begun = ended.removeprefix(";").lstrip() if self._lexis.prefixes else ended
        if self._semicolons() > (kept != ended) + (ended != begun):
            raise Refused(_ONE)
        if not begun:
            raise Refused("The statement is empty.")
        return begun

    def _semicolons(self) -> int:
        return sum(piece == ";" for piece in self._kept)

    def _step(self, at: int) -> int:
        text, lexis = self._text, self._lexis
        character = text[at]
        pair = text[at : at + 2]
        if pair == "--":
            return self._line_comment(at)
        if character == "#" and lexis.hash_comments:
            return self._end_of_line(at)
        if pair == "/*":
            return self._block_comment(at)
        if character in lexis.strings:
            return self._string(at)
        if character in lexis.names:
            return self._name(at)
        if not character.isspace():
            self._after_string = False
        self._plain(character)
        self._kept.append(character)
        return at + 1

    def _plain(self, character: str) -> None:
        if character in "([":
            self._brackets += 1
            if self._brackets > MAX_BRACKETS:
                raise Refused(f"Brackets nest more than {MAX_BRACKETS} deep.")
        elif character in ")]":
            self._brackets -= 1
        known = character.isspace() or character in "_;" or character in self._lexis.marks
        if not known and unicodedata.category(character)[0] not in "LNM":
            raise Refused(f"The character {character} may stand in a string only.")

    def _line_comment(self, at: int) -> int:
        if self._lexis.hash_comments and self._text[at + 2 : at + 3].strip():
            raise Refused("Write a blank after the two dashes of a comment, and between two minus signs.")
        return self._end_of_line(at)

    def _end_of_line(self, at: int) -> int:
        self._kept.append(" ")
        end = self._text.find("\n", at)
        return len(self._text) if end < 0 else end

    def _block_comment(self, at: int) -> int:
        text = self._text
        depth = 0
        while at < len(text):
            pair = text[at : at + 2]
            if pair == "/*":
                if depth and not self._lexis.nests_comments:
                    raise Refused("A comment stands in a comment.")
                if text[at + 2 : at + 3] in tuple("!+/") or text[at + 2 : at + 4] == "M!":
                    raise Refused("Hints and executable comments are not allowed.")
                depth += 1
                at += 2
            elif pair == "*/":
                depth -= 1
                at += 2
                if text[at : at + 1] == "*":
                    raise Refused("The end of a comment is not clear.")
                if not depth:
                    self._kept.append(" ")
                    return at
            else:
                at += 1
        raise Refused("A comment has no end.")

    def _string(self, at: int) -> int:
        before = self._kept[-1] if self._kept else " "
        if before in self._lexis.prefixes:
            before = self._kept[-2] if len(self._kept) > 1 else " "
        if before.isalnum() or before in "_$&":
            raise Refused("A string has no letters before its first quotation mark.")
        if self._after_string and not self._lexis.joins_strings:
            raise Refused("Two strings stand side by side.")
        self._after_string = True
        return self._quoted(at, self._text[at], self._lexis.has_escapes)

    def _name(self, at: int) -> int:
        self._after_string = False
        opening = self._text[at]
        if opening == "[":
            return self._quoted(at, "]", has_escapes=False)
        return self._quoted(at, opening, has_escapes=False)

    def _quoted(self, start: int, closing: str, has_escapes: bool) -> int:
        """Keep what is quoted from `start` on, as one piece, and return where it ends."""
        text = self._text
        at = start + 1
        while at < len(text):
            if text.startswith("\\\n", at) or text.startswith("\\\r\n", at):
                raise Refused("A line of a string ends with a backslash.")  # which Transact-SQL takes out
            if has_escapes and text[at] == "\\":
                at += 2
            elif text[at] != closing:
                at += 1
            elif text[at + 1 : at + 2] == closing:
                at += 2
            else:
                self._kept.append(text[start : at + 1])
                return at + 1
        raise Refused("A quotation mark has no end.")
