import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.ingestion.chunk import Chunk, indexed_text
from rag.ingestion.chunking import CHUNK_TOKENS, MAX_ROW_TOKENS, chunk
from rag.parsing.document import Block, BlockKind, ParsedDocument, Place, Unit
from rag.text.tokens import count_tokens

SENTENCE = "The parcel leaves our warehouse on the day that follows the order, except on public holidays. "


def chunks_of(*blocks: Block | str) -> list[Chunk]:
    return chunk(ParsedDocument("Guide", "en", [Block(each) if isinstance(each, str) else each for each in blocks]))


def rows_of(count: int) -> list[Block]:
    texts = (f"size: {number}; chest: {number * 2} cm; waist: {number * 3} cm" for number in range(count))
    return [Block(text, kind=BlockKind.TABLE_ROW) for text in texts]


def test_short_blocks_of_one_heading_share_a_chunk() -> None:
    chunks = chunks_of(Block("First.", ("Orders",)), Block("Second.", ("Orders",)))

    assert chunks == [Chunk(0, "First.\n\nSecond.", ("Orders",), "Orders", 4)]


def test_a_heading_starts_a_chunk() -> None:
    chunks = chunks_of(Block("First.", ("Orders", "Paying")), Block("Second.", ("Orders", "Returning")))

    assert [(each.index, each.content, each.location) for each in chunks] == [
        (0, "First.", "Orders › Paying"),
        (1, "Second.", "Orders › Returning"),
    ]


def test_a_chunk_of_a_paged_document_is_located_by_its_page() -> None:
    assert [each.location for each in chunks_of(Block("Text.", ("Orders",), Place(Unit.PAGE, 3)))] == ["page 3"]


def test_a_chunk_without_page_or_heading_has_no_location() -> None:
    assert [each.location for each in chunks_of("Text.")] == [None]


def test_a_table_that_fits_a_chunk_is_never_cut() -> None:
    rows = rows_of(15)

    chunks = chunks_of(SENTENCE * 6, *rows, SENTENCE * 6)

    assert "\n".join(row.text for row in rows) in [each.content for each in chunks]


def test_a_long_table_is_cut_between_its_rows() -> None:
    rows = rows_of(60)

    chunks = chunks_of(*rows)

    assert [line for each in chunks for line in each.content.split("\n")] == [row.text for row in rows]
    assert len(chunks) > 1


def test_a_row_of_a_table_is_kept_whole_even_where_it_is_longer_than_a_chunk() -> None:
    row = "; ".join(f"column {number}: a value of some words" for number in range(40))
    assert CHUNK_TOKENS < count_tokens(row) <= MAX_ROW_TOKENS

    chunks = chunks_of(Block(row, kind=BlockKind.TABLE_ROW))

    assert [each.content for each in chunks] == [row]


@pytest.mark.parametrize("kind", [BlockKind.LIST_ITEM, BlockKind.TABLE_ROW, BlockKind.CODE])
def test_a_list_stays_with_the_sentence_that_introduces_it(kind: BlockKind) -> None:
    items = [Block(SENTENCE.strip(), kind=kind) for _ in range(3)]

    chunks = chunks_of(SENTENCE * 10, "To send it back:", *items)

    assert [each.content.startswith("To send it back:") for each in chunks] == [False, True]


def test_the_beginning_of_a_long_list_stays_with_the_sentence_that_introduces_it() -> None:
    items = [Block(f"- {SENTENCE}", kind=BlockKind.LIST_ITEM) for _ in range(40)]

    first, *_ = chunks_of("To send it back:", *items)

    assert first.content.startswith("To send it back:\n\n- The parcel")


def test_a_note_stays_with_the_text_it_belongs_to() -> None:
    note = Block("1 Sundays aside, and the days on which the post does not work.", kind=BlockKind.NOTE)

    chunks = chunks_of(SENTENCE * 10, "Within three days.", note, SENTENCE * 10)

    assert ["Sundays aside" in each.content for each in chunks] == ["three days" in each.content for each in chunks]


def test_each_chunk_of_a_paragraph_over_pages_knows_the_pages_of_its_own_sentences() -> None:
    first, second = SENTENCE * 25, SENTENCE * 15
    paragraph = Block(first + second, place=Place(Unit.PAGE, 1), continued=((len(first), Place(Unit.PAGE, 2)),))

    chunks = chunks_of(paragraph)

    assert [each.location for each in chunks] == ["page 1", "page 1", "pages 1–2", "page 2"]
    assert [place for _, place in chunks[2].places] == ["page 1", "page 2"]
    assert chunks[2].content[chunks[2].places[1][0] :].startswith(SENTENCE.strip())


def test_a_chunk_over_several_pages_knows_the_page_of_each_part() -> None:
    pages = [Block(f"Page {number}.", place=Place(Unit.PAGE, number)) for number in (1, 2, 2, 3)]

    (only,) = chunks_of(*pages)

    assert only.location == "pages 1–3"
    assert [(only.content[offset:][:7], place) for offset, place in only.places] == [
        ("Page 1.", "page 1"),
        ("Page 2.", "page 2"),
        ("Page 3.", "page 3"),
    ]


@pytest.mark.parametrize(
    ("first", "last", "location"),
    [
        (Place(Unit.SLIDE, 2), Place(Unit.SLIDE, 2), "slide 2"),
        (Place(Unit.SLIDE, 2), Place(Unit.SLIDE, 4), "slides 2–4"),
        (Place(Unit.LINE, 7), Place(Unit.LINE, 9), "lines 7–9"),
        (Place(Unit.SHEET, 1, "Prices", "A2:D2"), Place(Unit.SHEET, 1, "Prices", "A9:D9"), "Prices, A2:D9"),
        (Place(Unit.SHEET, 1, "Prices"), Place(Unit.SHEET, 1, "Prices"), "Prices"),
        (Place(Unit.SHEET, 1, "A", "A1:B1"), Place(Unit.SHEET, 2, "B", "A1:B1"), "A, A1:B1 – B, A1:B1"),
    ],
)
def test_a_chunk_is_located_from_its_first_part_to_its_last(first: Place, last: Place, location: str) -> None:
    (only,) = chunks_of(Block("First.", place=first), Block("Last.", place=last))

    assert only.location == location


def test_a_line_is_the_place_of_a_chunk_without_headings_alone() -> None:
    line = Place(Unit.LINE, 3)

    assert [each.location for each in chunks_of(Block("Text.", ("Orders",), line))] == ["Orders"]
    assert [each.location for each in chunks_of(Block("Text.", (), line))] == ["line 3"]


def test_a_long_paragraph_is_cut_between_sentences_into_parts_of_about_equal_length() -> None:
    chunks = chunks_of(SENTENCE * 15)

    assert all(each.content.startswith("The parcel") and each.content.endswith("holidays.") for each in chunks)
    lengths = [each.token_count for each in chunks]
    assert max(lengths) <= CHUNK_TOKENS
    assert max(lengths) - min(lengths) <= 2 * count_tokens(SENTENCE)


def test_a_long_list_is_cut_between_its_items() -> None:
    items = [f"- item {number} has a description of some words" for number in range(60)]

    chunks = chunks_of("\n".join(items))

    assert [line for each in chunks for line in each.content.split("\n")] == items


@pytest.mark.parametrize("text", ["word " * 2_000, "x" * 20_000, "," * 5_000, "漢" * 9_000, "a" + " " * 50_000 + "b"])
def test_a_text_without_sentences_is_still_cut(text: str) -> None:
    chunks = chunks_of(text)

    assert all(0 < each.token_count <= CHUNK_TOKENS for each in chunks)
    assert "".join("".join(each.content.split()) for each in chunks) == "".join(text.split())


@pytest.mark.parametrize("blocks", [[], [""], [" \n\t "]])
def test_a_document_without_text_has_no_chunk(blocks: list[str]) -> None:
    assert chunks_of(*blocks) == []


def test_a_chunk_is_embedded_with_its_document_and_headings() -> None:
    [only] = chunks_of(Block("Within 14 days.", ("Orders", "Returning")))

    assert indexed_text("Guide", only) == "Guide\nOrders\nReturning\nWithin 14 days."


BLOCKS = st.builds(
    Block,
    st.one_of(st.text(), st.lists(st.text(), max_size=60).map(" ".join), st.text().map(lambda text: text * 50)),
    st.sampled_from([(), ("Orders",), ("Orders", "Paying")]),
    st.none() | st.builds(Place, st.sampled_from(Unit), st.integers(1, 9)),
    st.sampled_from(BlockKind),
)


@given(st.lists(BLOCKS, max_size=6))
def test_any_document_is_cut_into_bounded_chunks_that_hold_all_its_text(blocks: list[Block]) -> None:
    chunks = chunks_of(*blocks)

    assert "".join("".join(each.content.split()) for each in chunks) == "".join(
        "".join(block.text.split()) for block in blocks
    )
    assert [each.index for each in chunks] == list(range(len(chunks)))
    assert all(each.content.strip() and each.token_count == count_tokens(each.content) for each in chunks)
    assert all(each.token_count <= MAX_ROW_TOKENS for each in chunks)
    for each in chunks:
        offsets = [offset for offset, _ in each.places]
        assert offsets == sorted(set(offsets))
        assert all(0 <= offset < len(each.content) for offset in offsets)
