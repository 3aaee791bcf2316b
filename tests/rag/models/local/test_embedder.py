import asyncio
import hashlib
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.models.local.embedder import LocalEmbedder
from rag.models.protocols import Embedder

REFUND = "Refunds are paid within fourteen days of the return of the goods."
DELIVERY = "Livraison à domicile en quarante-huit heures dans toute la France."


@pytest.fixture
def embedder() -> Embedder:
    return LocalEmbedder()


async def test_texts_become_rows_of_unit_length(embedder: Embedder) -> None:
    vectors = await embedder.embed_passages([REFUND, DELIVERY])

    assert vectors.shape == (2, 1024)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-5)


async def test_no_texts_become_no_rows(embedder: Embedder) -> None:
    assert (await embedder.embed_passages([])).shape == (0, 1024)


async def test_a_text_without_a_word_is_zero(embedder: Embedder) -> None:
    assert not (await embedder.embed_question("?! …")).any()
    assert not (await embedder.embed_question("")).any()


async def test_a_question_is_nearer_to_the_passage_that_answers_it(embedder: Embedder) -> None:
    passages = await embedder.embed_passages([REFUND, DELIVERY])

    english = passages @ await embedder.embed_question("When will my refund be paid?")
    french = passages @ await embedder.embed_question("quels sont les délais de livraison ?")

    assert english[0] > english[1] + 0.1
    assert french[1] > french[0] + 0.1


async def test_a_misspelt_word_is_still_near(embedder: Embedder) -> None:
    right, wrong, other = await embedder.embed_passages(["remboursement", "rembousement", "horaires"])

    assert right @ wrong > 0.5
    assert abs(right @ other) < 0.2


async def test_accents_and_case_make_no_difference(embedder: Embedder) -> None:
    plain, accented = await embedder.embed_passages(["delai a l'etranger", "DÉLAI à L’ÉTRANGER"])

    assert np.array_equal(plain, accented)


async def test_a_vector_does_not_depend_on_what_is_embedded_with_it(embedder: Embedder) -> None:
    alone = await embedder.embed_passages([REFUND])
    together = await embedder.embed_passages([DELIVERY, REFUND])

    assert np.array_equal(alone[0], together[1])
    assert np.array_equal(alone[0], await embedder.embed_question(REFUND))


async def test_another_process_computes_the_same_vector(embedder: Embedder) -> None:
    program = (
        "import asyncio, hashlib; from rag.models.local.embedder import LocalEmbedder;"
        f"vector = asyncio.run(LocalEmbedder().embed_question({DELIVERY!r}));"
        "print(hashlib.sha256((vector * 1e5).round().astype('<i4').tobytes()).hexdigest())"
    )
    vector = await embedder.embed_question(DELIVERY)

    other = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    output, _ = await other.communicate()

    assert output.decode().strip() == hashlib.sha256((vector * 1e5).round().astype("<i4").tobytes()).hexdigest()


async def test_a_vector_keeps_the_value_that_stored_documents_were_embedded_with(embedder: Embedder) -> None:
    vector = await embedder.embed_question("remboursement")

    strongest = np.argsort(-np.abs(vector.round(4)), kind="stable")[:4].tolist()

    assert [(place, int(np.sign(vector[place]))) for place in strongest] == [(694, -1), (5, 1), (13, -1), (16, 1)]


@given(st.text())
async def test_any_text_becomes_a_unit_or_zero_vector(text: str) -> None:
    vector = await LocalEmbedder().embed_question(text)

    assert np.isfinite(vector).all()
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-5) or not vector.any()
