"""The order of passages and the confidence, by families of embedders."""

from uuid import UUID

import numpy as np
import pytest

from rag.index.memory.workspace_index import WorkspaceIndex
from rag.index.protocol import IndexedChunk, IndexedDocument
from rag.models.protocols import Vectors
from rag.retrieval.ranking import FEATURES, Family, confidence, relevance

TEXTS = [
    "The garden centre opens at nine in the morning.",
    "Parcels are brought within three working days.",
    "Refunds are paid after the goods came back.",
    "Gift cards are valid for two years.",
]
QUESTION = "When does the garden centre open?"


def features(**given: float) -> np.ndarray:
    return np.array([[given.get(name, 0.0) for name in FEATURES]])


def index_of(vectors: Vectors, family: Family) -> WorkspaceIndex:
    chunks = [IndexedChunk(UUID(int=number), number, text) for number, text in enumerate(TEXTS)]
    document = IndexedDocument(UUID(int=9), "shop.md", "en", chunks, vectors)
    return WorkspaceIndex.of([document], 1.0, family)


def in_a_band(vectors: Vectors, width: float) -> Vectors:
    """Return vectors with what all texts share added, as some models do it: the cosines move close together."""
    shared = np.full((len(vectors), 1), width, np.float32)
    moved = np.concatenate([vectors, shared], axis=1)
    unit: Vectors = (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)
    return unit


@pytest.mark.parametrize("family", Family)
def test_more_evidence_is_a_better_place_and_a_higher_confidence(family: Family) -> None:
    little = features(coverage=0.4, exact=0.4, titled=0.4, window=0.4, gap=0.5, size=1.0)
    much = features(coverage=1.0, exact=1.0, titled=1.0, window=1.0, pairs=1.0, shared=1.5, dense=0.5, size=1.0)

    assert relevance(much, family) > relevance(little, family)
    assert 0 <= confidence(little, family)[0] < 0.3
    assert 0.7 < confidence(much, family)[0] <= 1


@pytest.mark.parametrize("family", Family)
def test_what_is_in_no_passage_is_not_answered_whatever_else_matches(family: Family) -> None:
    everything = dict.fromkeys(("coverage", "exact", "titled", "window", "pairs", "shared", "dense", "fused"), 1.0)

    assert confidence(features(missing=1.0, **everything), family)[0] < 0.1


@pytest.mark.parametrize("width", [1.0, 3.0])
def test_the_confidence_does_not_depend_on_how_near_to_each_other_a_model_puts_all_texts(width: float) -> None:
    vectors = np.eye(4, dtype=np.float32)
    question = np.array([0.9, 0.3, 0.3, 0.1], np.float32)
    plain = index_of(vectors, Family.SEMANTIC).search(QUESTION, question, 4)

    moved = in_a_band(np.concatenate([vectors, question[None]]), width)
    found = index_of(moved[:4], Family.SEMANTIC).search(QUESTION, moved[4], 4)

    assert [each.chunk_id for each in found] == [each.chunk_id for each in plain]
    assert [each.score for each in found] == pytest.approx([each.score for each in plain], abs=0.05)


def test_without_a_vector_of_the_question_words_have_their_own_weights() -> None:
    with_vectors = index_of(np.eye(4, dtype=np.float32), Family.SEMANTIC)
    without = index_of(np.zeros((4, 0), np.float32), Family.SEMANTIC)
    nothing = np.zeros(0, np.float32)

    assert with_vectors.candidates(QUESTION, nothing).family is Family.WORDS
    assert without.candidates(QUESTION, np.eye(4, dtype=np.float32)[0]).family is Family.WORDS
    assert with_vectors.search(QUESTION, nothing, 1)[0].score == without.search(QUESTION, nothing, 1)[0].score > 0.5


def test_vectors_of_another_length_are_not_compared() -> None:
    index = index_of(np.eye(4, dtype=np.float32), Family.SEMANTIC)

    assert index.candidates(QUESTION, np.ones(3, np.float32)).family is Family.WORDS
