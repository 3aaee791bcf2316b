"""The chat against the rules of WCAG 2.2 (levels A and AA) and axe-core's best practices, in every look it has."""

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

import widget
from tests.support.mistral_server import Answer
from tests.widget.chat import Chat
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


LOOKS = [(theme, size) for theme in ("light", "dark") for size in ((1280, 800), (390, 844))]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: run `npm ci` in widget/")
async def test_axe_finds_no_violation(visitor: BrowserContext, assistant: Assistant) -> None:
    page = await visitor.new_page()
    await page.goto(f"http://{assistant.server.host}/demo?lang=en")
    chat = Chat(page)
    await chat.open()
    assistant.will_say(Answer([ANSWER]))
    await chat.ask("In how many ways can I put the chat on my website?")
    await page.get_by_role("button", name="Source 1").click()
    await page.get_by_role("button", name="Not helpful").click()
    await page.get_by_role("textbox", name="What was missing?").wait_for()
    assistant.will_say(Answer(["It"], then="cut"))
    await chat.ask("What if the chat on my website fails?")
    await page.get_by_role("button", name="Try again").wait_for()
    await page.evaluate(AXE.read_text(encoding="utf-8"))

    found = []
    for theme, (width, height) in LOOKS:
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate(
            """(theme) => {
                document.documentElement.dataset.theme = theme;
                document.querySelector("monitora-chat").dataset.theme = theme;
            }""",
            theme,
        )
        await expect(page.get_by_role("dialog")).to_have_css("color-scheme", theme)
        for violation in await page.evaluate("axe.run().then(({ violations }) => violations)"):
            found += [f"{theme}, {width}: {violation['id']}: {node['html']}" for node in violation["nodes"]]
    assert not found, "\n".join(found)
