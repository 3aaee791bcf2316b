import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.ingestion.chunk import Chunk, indexed_text
from rag.ingestion.chunking import CHUNK_TOKENS, chunk
from rag.parsing.document import Block, ParsedDocument, Place, Unit
from rag.text.tokens import count_tokens

SENTENCE = "The parcel leaves our warehouse on the day that follows the order, except on public holidays. "


def chunks_of(*blocks: Block | str) -> list[Chunk]:
    return chunk(ParsedDocument("Guide", "en", [Block(each) if isinstance(each, str) else each for each in blocks]))


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


def test_a_block_that_fits_a_chunk_is_never_cut() -> None:
    table = "\n".join(f"size {number} | chest {number * 2} cm | waist {number * 3} cm" for number in range(15))

    chunks = chunks_of(SENTENCE * 6, table, SENTENCE * 6)

    assert table in [each.content for each in chunks]


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
    st.none() | st.integers(1, 9),
)


@given(st.lists(BLOCKS, max_size=6))
def test_any_document_is_cut_into_bounded_chunks_that_hold_all_its_text(blocks: list[Block]) -> None:
    chunks = chunks_of(*blocks)

    assert "".join("".join(each.content.split()) for each in chunks) == "".join(
        "".join(block.text.split()) for block in blocks
    )
    assert [each.index for each in chunks] == list(range(len(chunks)))
    assert all(each.content.strip() and each.token_count == count_tokens(each.content) for each in chunks)
    assert all(each.token_count <= CHUNK_TOKENS for each in chunks)
