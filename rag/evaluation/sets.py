"""Sets of questions whose answers are known, as files of JSON hold them."""

import html
from collections import defaultdict
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, Field, ValidationError

MAX_FILE_BYTES = 200_000_000
Content = TypeVar("Content", bound=BaseModel)


class EvaluationFileError(ValueError):
    """The file cannot be evaluated; the message says what to correct in it."""


class UnanswerableQuestions(BaseModel):
    """Questions that the articles of a set do not answer, apart from the set."""

    unanswerable: list[str] = Field(min_length=1)


class Paragraph(BaseModel):
    """A paragraph of the article `title`."""

    id: int | str
    title: str = Field(min_length=1)
    text: str


class AnswerableQuestion(BaseModel):
    """A question, the paragraph that answers it, and its answers as they stand there."""

    q: str = Field(min_length=1)
    pid: int | str
    answers: list[str] = Field(min_length=1)


class EvaluationSet(BaseModel):
    """What is measured on: articles in paragraphs, questions they answer, questions they do not."""

    paragraphs: list[Paragraph] = Field(min_length=1)
    questions: list[AnswerableQuestion] = Field(min_length=1)
    unanswerable: list[str] = []

    def articles(self) -> dict[str, list[Paragraph]]:
        """Return the paragraphs of each title, in order."""
        paragraphs = defaultdict(list)
        for paragraph in self.paragraphs:
            paragraphs[paragraph.title].append(paragraph)
        return dict(paragraphs)


def read_set(path: Path) -> EvaluationSet:
    """Return the set in `path`. Raises `EvaluationFileError` or `OSError`."""
    content = read_json(path, EvaluationSet)
    known = {paragraph.id for paragraph in content.paragraphs}
    for number, question in enumerate(content.questions):
        if question.pid not in known:
            raise EvaluationFileError(f"{path}, questions.{number}.pid: no paragraph has the id {question.pid!r}.")
    return content


def read_unanswerable(path: Path) -> list[str]:
    """Return the "unanswerable" questions in `path`. Raises `EvaluationFileError` or `OSError`."""
    return read_json(path, UnanswerableQuestions).unanswerable


def read_json(path: Path, kind: type[Content]) -> Content:
    """Return what a file of JSON holds. Raises `EvaluationFileError` or `OSError`."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise EvaluationFileError(f"{path} is larger than {MAX_FILE_BYTES:,} bytes: evaluate a part of it.")
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise EvaluationFileError(f"{path}, {place}: {first['msg']}.") from error


def page(title: str, paragraphs: list[Paragraph]) -> bytes:
    """Return an article as a page of HTML, as a website would have it."""
    blocks = [f"<p>{html.escape(line)}</p>" for paragraph in paragraphs for line in paragraph.text.splitlines()]
    content = "\n".join(blocks)
    head = f"<head><meta charset='utf-8'><title>{html.escape(title)}</title></head>"
    return f"<!doctype html><html>{head}<body><main>{content}</main></body></html>".encode()


def is_hit(question: AnswerableQuestion, paragraph: Paragraph, content: str) -> bool:
    """Tell whether the `content` of a passage holds an answer in the part that is of the question's paragraph."""
    whole = _collapsed(paragraph.text)
    lines = (_collapsed(line) for line in content.splitlines())
    shared = " ".join(line for line in lines if line and line in whole)
    return any(_collapsed(answer) in shared for answer in question.answers)


def _collapsed(text: str) -> str:
    return " ".join(text.split())
