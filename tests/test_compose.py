"""docker-compose.yml passes on every setting, so that an operator changes none of its lines."""

from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from monitora.settings.settings import described
from rag.parsing.pdf.recognition import LANGUAGES

ROOT = Path(__file__).parents[1]
OF_THE_IMAGE = {"MONITORA_DATA_DIR", "MONITORA_HOST", "MONITORA_PORT"}
"""Where things are inside the container: the volume and the published port follow from them."""
OF_THE_COMPOSITION = {"MONITORA_SECRET_KEY", "MONITORA_DATABASE_URL", "MONITORA_REDIS_URL", "MONITORA_WORKERS"}
"""What the composition itself gives a value, or refuses to do without."""
SETTINGS = {variable for variable, _, _ in described()}


def environment(service: str) -> dict[str, Any]:
    composition = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return dict(composition["services"][service]["environment"])


def test_every_setting_is_passed_on_to_the_server_and_to_the_migration() -> None:
    passed = {name for name in environment("server") if not name.startswith("OTEL_")}

    assert passed == SETTINGS - OF_THE_IMAGE
    assert environment("migrate") == environment("server")


def test_a_setting_that_is_not_set_keeps_its_default() -> None:
    """A line without a value passes on what is set; `${NAME:-}` would pass an empty rate, which is no limit."""
    with_a_value = {name for name, value in environment("server").items() if value is not None}

    assert with_a_value == OF_THE_COMPOSITION


def test_the_image_sets_what_is_a_setting() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    words = dockerfile.replace("=", " ").replace('"', " ").replace("\\", " ").split()

    assert OF_THE_IMAGE <= {word for word in words if word.startswith("MONITORA_")} <= SETTINGS


def test_the_image_can_read_scanned_pages() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    locked = (ROOT / "requirements" / "image.txt").read_text(encoding="utf-8")

    assert "\ntesserocr==" in locked
    assert all(f"tesseract-ocr-{language}" in dockerfile for language in LANGUAGES)
