"""The chat against the rules of WCAG 2.2 (levels A and AA) and axe-core's best practices, in every look it has."""

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext

import widget
from tests.mistral_server import Answer
from tests.widget.conftest import Assistant

AXE = Path(widget.__file__).parent / "node_modules" / "axe-core" / "axe.min.js"

ANSWER = """Yes, in **three ways** [1]:

## Ways

1. `one` way
2. another [2], [on the site](https://example.com)

> As it is said.

| Day | Hours |
| --- | ----: |
| Monday | 9 |

```
make run
```
"""


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: run `npm ci` in widget/")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["desktop", "phone"])
async def test_axe_finds_no_violation(
    visitor: BrowserContext, assistant: Assistant, theme: str, size: tuple[int, int]
) -> None:
    page = await visitor.new_page()
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.goto(f"http://{assistant.server.host}/demo?lang=en&theme={theme}")
    await page.get_by_role("button", name="Open the chat").click()
    field = page.get_by_role("textbox", name="Your message")
    question = f"In how many ways can I put the chat on my website? ({theme}, {size[0]})"
    assistant.will_say(Answer([ANSWER]))
    await field.fill(question)
    await field.press("Enter")
    await page.get_by_role("button", name="Source 1").click()
    await page.get_by_role("button", name="Not helpful").click()
    await page.get_by_role("textbox", name="What was missing?").wait_for()
    again = f"What if the chat on my website fails? ({theme}, {size[0]})"
    assistant.will_say(Answer(["It"], then="cut"))
    await field.fill(again)
    await field.press("Enter")
    await page.get_by_role("button", name="Try again").wait_for()

    await page.evaluate(AXE.read_text(encoding="utf-8"))
    violations = await page.evaluate("axe.run().then(({ violations }) => violations)")

    found = [f"{violation['id']}: {node['html']}" for violation in violations for node in violation["nodes"]]
    assert not found, "\n".join(found)
