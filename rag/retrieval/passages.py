"""What retrieval hands to the models: a passage of a document, with the place it came from."""

from dataclasses import dataclass
from uuid import UUID

from rag.parsing.document import Places


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that matched a question.

    `score` is the passage's own relevance in [0, 1]: the estimated probability that it answers the question.
    `lexical` and `dense` are what it was found by: its BM25 score, and the cosine of its vector and the question's.
    `before` and `after` are the texts of its neighbours in the same section, where they are given with it.
    `location` is where a reader finds it in the document ("page 3", a heading path), or None.
    `title` is what its document and its headings are called, a line each.
    `url` is where its document is, if that is a page of a website.
    `places` are the (offset in `content`, place) of its parts, where they are in several.
    `language` is the ISO 639-1 code the document was indexed in ("en", "fr"), which decides how it is stemmed.
    """

    chunk_id: UUID
    document_id: UUID
    document_name: str
    chunk_index: int
    content: str
    score: float
    location: str | None = None
    language: str = "en"
    places: Places = ()
    title: str = ""
    url: str | None = None
    lexical: float = 0.0
    dense: float = 0.0
    before: str = ""
    after: str = ""

    @property
    def whole(self) -> str:
        """The text with what stands around it in its section: what a model is given."""
        return "\n".join(filter(None, (self.before, self.content, self.after)))
