"""Dialogues measured turn by turn."""

import json
from pathlib import Path
from typing import Any

import pytest

from rag.evaluation.dialogues import evaluate_dialogues
from rag.evaluation.sets import EvaluationFileError
from rag.models.local.answerer import LocalAnswerer
from rag.models.local.embedder import LocalEmbedder
from tests.support.server import monitora

DOCUMENTS = {
    "Stores": "# Stores\n\n## Ghent\n\nThe store in Ghent is open from 9:00 to 18:30.\n\n"
    "## Lille\n\nThe store in Lille is open from 10:00 to 19:00.\n",
    "Delivery": "# Delivery\n\nDelivery costs five euros and takes three days.\n",
}
RIGHT = {
    "language": "en",
    "turns": [
        {"says": "hello", "is": "small_talk"},
        {"says": "When is the Ghent store open?", "finds": ["18:30"]},
        {"says": "and Lille?", "finds": ["19:00"]},
        {"says": "What does delivery cost?", "finds": ["five euros"], "alone": True},
        {"says": "Who won the football match yesterday?", "is": "declined"},
    ],
}


def written(tmp_path: Path, *dialogues: dict[str, Any], **changes: Any) -> Path:
    path = tmp_path / "dialogues.json"
    content = {"documents": DOCUMENTS, "dialogues": dialogues, **changes}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


async def test_each_turn_is_answered_in_its_conversation_and_counted(tmp_path: Path) -> None:
    measured = await evaluate_dialogues(written(tmp_path, RIGHT), LocalEmbedder(), LocalAnswerer())

    assert measured.wrong == []
    assert {kind: (share.right, share.turns) for kind, share in measured.shares.items()} == {
        ("en", "first"): (1, 1),
        ("en", "follow-up"): (4, 4),
    }


@pytest.mark.parametrize(
    ("turns", "fault"),
    [
        ([{"says": "When is the Ghent store open?", "finds": ["midnight"]}], "other passages"),
        ([{"says": "Who painted the ceiling?", "finds": ["18:30"]}], "declined"),
        ([{"says": "When is the Ghent store open?", "is": "declined"}], "answered from"),
        ([{"says": "When is the Ghent store open?", "is": "small_talk"}], "searched for"),
        ([{"says": "thanks", "finds": ["18:30"]}], "taken for small talk"),
        (
            [
                {"says": "When is the Ghent store open?", "finds": ["18:30"]},
                {"says": "and Lille?", "finds": ["19:00"], "alone": True},
            ],
            "not searched for as it stands",
        ),
    ],
)
async def test_what_is_wrong_with_a_turn_is_told(tmp_path: Path, turns: list[dict[str, Any]], fault: str) -> None:
    path = written(tmp_path, {"language": "en", "turns": turns})

    measured = await evaluate_dialogues(path, LocalEmbedder(), LocalAnswerer())

    assert len(measured.wrong) == 1
    assert fault in measured.wrong[0]
    assert measured.lowest == 0.0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"documents": {}}, "files"),
        ({"dialogues": []}, "dialogues"),
        ({"dialogues": [{"language": "en", "turns": [{"says": "hello"}]}]}, "finds"),
    ],
)
async def test_a_file_that_cannot_be_measured_is_told(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(EvaluationFileError, match=reason):
        await evaluate_dialogues(written(tmp_path, RIGHT, **changes), LocalEmbedder(), LocalAnswerer())


def test_the_command_ends_with_status_1_when_less_is_right_than_was_asked_for(tmp_path: Path) -> None:
    wrong = {"language": "en", "turns": [{"says": "When is the Ghent store open?", "finds": ["midnight"]}]}
    right, both = written(tmp_path, RIGHT), tmp_path / "both.json"
    both.write_text(json.dumps({"documents": DOCUMENTS, "dialogues": [RIGHT, wrong]}), encoding="utf-8")
    data = {"MONITORA_DATA_DIR": str(tmp_path / "data")}

    passed = monitora(data, "eval-dialogues", str(right), "--at-least", "100")
    failed = monitora(data, "eval-dialogues", str(both), "--at-least", "90")

    assert (passed.returncode, failed.returncode) == (0, 1), passed.stderr
    assert "4 of 4, 100.0 %" in passed.stdout
    assert "50.0 % is less than 90 %" in failed.stderr
    assert "When is the Ghent store open?: other passages" in failed.stdout
