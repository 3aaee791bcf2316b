"""HTML pages: what a reader came for, without the menus around it."""

from lxml import etree

from rag.parsing.document import BlockKind
from rag.parsing.html.forms import describe_controls
from rag.parsing.html.main_part import leave_out_surroundings
from rag.parsing.html.metadata import Metadata, read_metadata
from rag.parsing.html.page import Page
from rag.parsing.html.tree import parse
from rag.parsing.html.visibility import Labels, leave_out_unseen
from rag.parsing.outline import Outline

_ABOVE_ALL = -100
_BELOW_TITLE = 2


def read_html(content: bytes) -> Outline:
    """Read a page: its title, and a block for each paragraph, item, row and listing of its main part.

    Raises `UnreadableDocument`: FILE_TOO_LARGE over `MAX_MARKUP_BYTES` or `MAX_MARKUP_NODES`, FILE_UNREADABLE where
    elements are nested too deeply.
    """
    tree = parse(content)
    if tree is None:
        return Outline()
    metadata = read_metadata(tree.root)
    labels = _leave_out_unseen(tree.root)
    part, most_is_left = leave_out_surroundings(tree.root)
    if not most_is_left and (again := parse(content)) is not None:
        tree = again
        labels = _leave_out_unseen(tree.root)
        part, _ = leave_out_surroundings(tree.root, gently=True)
    outline = Outline(metadata.title, metadata.language)
    outline.published_at, outline.modified_at = metadata.published_at, metadata.modified_at
    for level, crumb in enumerate(metadata.breadcrumbs, _ABOVE_ALL):
        outline.surround(level, crumb)
    Page(outline, labels).read(part)
    _add_metadata(outline, metadata)
    return outline


def read_fragment(outline: Outline, markup: str) -> None:
    """Add the blocks of a piece of HTML, which is read whole."""
    if (tree := parse(markup.encode(errors="replace"))) is not None:
        Page(outline, _leave_out_unseen(tree.root)).read(tree.root)


def _leave_out_unseen(root: etree._Element) -> Labels:
    labels = leave_out_unseen(root)
    describe_controls(root)
    return labels


def _add_metadata(outline: Outline, metadata: Metadata) -> None:
    """Add the questions and products that the page does not show in its text, then when it was published."""
    if not (blocks := outline.blocks()) and not metadata.questions and not metadata.products:
        return
    shown = _squeezed(
        " ".join([*(block.text for block in blocks), *(part for block in blocks for part in block.heading)])
    )
    hidden = [(question, answer) for question, answer in metadata.questions if _squeezed(answer)[:200] not in shown]
    outline.leave(1)
    for question, answer in hidden:
        outline.enter(_BELOW_TITLE, question)
        outline.add(answer)
        outline.leave(_BELOW_TITLE)
    outline.add_all(metadata.products.values(), BlockKind.TABLE_ROW)
    if metadata.says_dates:
        dates = ("Published", metadata.published_at), ("Modified", metadata.modified_at)
        outline.add_all((f"{name}: {date:%Y-%m-%d}" for name, date in dates if date), BlockKind.FORM_FIELD)


def _squeezed(text: str) -> str:
    return "".join(text.lower().split())
