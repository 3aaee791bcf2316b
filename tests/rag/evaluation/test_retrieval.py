import asyncio
import json
from pathlib import Path

import pytest

from rag.evaluation.retrieval import evaluate
from rag.evaluation.sets import EvaluationFileError
from rag.models.local.embedder import LocalEmbedder

ARTICLES = {
    "Bees": [
        "A colony of honey bees has one queen. She lays up to two thousand eggs a day in summer.",
        "Workers dance to show where flowers are. Karl von Frisch described this dance in 1927.",
    ],
    "Volcanoes": [
        "Lava is molten rock that reaches the surface. Basalt flows at about 1,100 degrees.",
        "Ash clouds stopped air traffic over Europe in 2010, when a glacier volcano erupted in Iceland.",
    ],
    "Lighthouses": ["The lens that Fresnel designed in 1822 carried the light of a lamp over twenty miles."],
}
QUESTIONS = [
    ("How many eggs does a queen lay a day?", 0, ["two thousand"]),
    ("Who described the dance of the workers?", 1, ["Karl von Frisch", "von Frisch"]),
    ("How hot is flowing basalt?", 2, ["1,100 degrees"]),
    ("Which eruption stopped air traffic in Europe?", 3, ["a glacier volcano"]),
    ("When did Fresnel design his lens?", 4, ["1822"]),
]
UNANSWERABLE = ["Who painted the ceiling of the chapel?", "What is the price of copper?"]


def evaluation_set() -> dict[str, object]:
    texts = [(title, text) for title, of_title in ARTICLES.items() for text in of_title]
    return {
        "paragraphs": [{"id": number, "title": title, "text": text} for number, (title, text) in enumerate(texts)],
        "questions": [{"q": question, "pid": pid, "answers": answers} for question, pid, answers in QUESTIONS],
        "unanswerable": UNANSWERABLE,
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bees.json"
    path.write_text(json.dumps(evaluation_set()), encoding="utf-8")
    return path


def rewritten(path: Path, **changes: object) -> Path:
    path.write_text(json.dumps({**evaluation_set(), **changes}), encoding="utf-8")
    return path


async def test_every_article_is_one_document_and_every_question_is_asked(file: Path) -> None:
    measured = await evaluate(file, LocalEmbedder())

    assert (measured.documents, measured.chunks) == (3, 3)
    assert (measured.questions, measured.unanswerable) == (5, 2)
    assert measured.recall == {1: 1.0, 5: 1.0, 10: 1.0}
    assert measured.mrr == 1.0
    assert measured.auc == 1.0
    assert measured.declined == 1.0
    assert 20 < measured.passage_tokens < 60


async def test_a_passage_counts_only_for_what_it_holds_of_the_questions_paragraph(file: Path) -> None:
    elsewhere = {"q": "How many eggs does a queen lay a day?", "pid": 1, "answers": ["two thousand"]}

    measured = await evaluate(rewritten(file, questions=[elsewhere]), LocalEmbedder())

    assert measured.recall[10] == 0.0
    assert measured.mrr == 0.0


async def test_a_passage_of_another_article_is_no_hit(file: Path) -> None:
    elsewhere = {"q": "How many eggs does a queen lay a day?", "pid": 4, "answers": ["a"]}

    measured = await evaluate(rewritten(file, questions=[elsewhere]), LocalEmbedder())

    assert measured.recall[1] == 0.0
    assert measured.mrr == 0.5 or measured.mrr == pytest.approx(1 / 3)


async def test_without_unanswerable_questions_nothing_is_said_of_the_threshold(file: Path) -> None:
    measured = await evaluate(rewritten(file, unanswerable=[]), LocalEmbedder())

    assert measured.auc is None
    assert measured.declined is None


async def test_the_figures_read_as_a_table(file: Path) -> None:
    table = str(await evaluate(file, LocalEmbedder()))

    rows = {line[:24].strip(): line[24:].strip() for line in table.splitlines()}
    assert rows["file"] == "bees.json"
    assert rows["recall@1"] == "100.0 %"
    assert rows["AUC"] == "1.000"
    assert rows["documents, chunks"] == "3, 3"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"paragraphs": []}, "paragraphs"),
        ({"paragraphs": [{"id": 0, "text": "No title."}]}, r"paragraphs\.0\.title"),
        ({"questions": [{"q": "Why?", "pid": 0, "answers": []}]}, r"questions\.0\.answers"),
        ({"questions": [{"q": "Why?", "pid": 99, "answers": ["a"]}]}, r"questions\.0\.pid: no paragraph has the id 99"),
        ({"unanswerable": "none"}, "unanswerable"),
    ],
)
async def test_a_file_that_is_not_as_described_is_refused_with_the_place_to_correct(
    file: Path, changes: dict[str, object], place: str
) -> None:
    with pytest.raises(EvaluationFileError, match=place):
        await evaluate(rewritten(file, **changes), LocalEmbedder())


def test_a_file_that_is_no_json_is_refused(file: Path) -> None:
    file.write_text("paragraphs: []", encoding="utf-8")

    with pytest.raises(EvaluationFileError, match=r"bees\.json, the file: .*JSON"):
        asyncio.run(evaluate(file, LocalEmbedder()))


async def test_a_missing_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await evaluate(tmp_path / "none.json", LocalEmbedder())


async def test_questions_without_an_answer_may_come_from_another_file(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "near.json"
    other.write_text(json.dumps({"unanswerable": ["How many eggs does a queen lay a day?"]}), encoding="utf-8")

    measured = await evaluate(file, LocalEmbedder(), other)

    assert (measured.unanswerable, measured.declined) == (1, 0.0)
    assert measured.auc is not None
    assert measured.auc < 1.0
