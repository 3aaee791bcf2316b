"""Sites that ask to be left alone for a while: they are, and nothing leaves the index for it."""

from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from time import monotonic

import pytest

from core.clock import now
from rag.sources.crawler import changes, fetching
from tests.schema.websites.test_hostile_sites import html
from tests.support import crawls
from tests.support.people import People
from tests.support.website import Reply, Request, WebsiteServer


class Busy:
    """A page that answers a number of times that the server is busy. It notes when each page was asked for."""

    def __init__(self, site: WebsiteServer, path: str, status: int, retry_after: Callable[[], str], times: int) -> None:
        self.asked_at: list[float] = []
        self._answer = site.replies[path]
        self._left = times
        self._status, self._retry_after = status, retry_after
        site.replies[path] = self.reply

    def reply(self, request: Request) -> Reply | None:
        self.asked_at.append(monotonic())
        if self._left:
            self._left -= 1
            return Reply(self._status, b"later", {"retry-after": self._retry_after()})
        assert callable(self._answer)
        return self._answer(request)


def _in_two_seconds() -> str:
    return format_datetime(now() + timedelta(seconds=2), usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("retry_after", [lambda: "1", _in_two_seconds], ids=["seconds", "a moment"])
async def test_a_busy_site_is_left_alone_as_long_as_it_asks(
    people: People, site: WebsiteServer, status: int, retry_after: Callable[[], str]
) -> None:
    site.put("/", html("Start", "/busy", "/next"))
    site.put("/busy", html("Busy"))
    site.put("/next", html("Next"))
    busy = Busy(site, "/busy", status, retry_after, times=1)
    following = Busy(site, "/next", status, retry_after, times=0)

    website = await crawls.add(await people.shop(), site.url)

    assert await website.counts() == {"found": 3, "indexed": 3}
    first, second = busy.asked_at
    # The site is asked for nothing meanwhile, not only for no other time of this page.
    assert second - first >= 0.9
    assert following.asked_at[0] - first >= 0.9


@pytest.mark.parametrize(("status", "reason"), [(429, "TOO_MANY_REQUESTS"), (503, "SERVER_ERROR")])
async def test_a_site_that_stays_busy_loses_no_page(
    people: People, site: WebsiteServer, status: int, reason: str
) -> None:
    site.put("/", html("Start", "/busy", "/list"))
    site.put("/busy", html("Busy", "/below"))
    site.put("/list", html("List"))
    site.put("/below", html("Below a page that cannot be read"))
    website = await crawls.add(await people.shop(), site.url)
    kept = {page["url"]: page["document"]["id"] for page in await website.pages()}
    site.replies["/busy"] = Reply(status, headers={"retry-after": "0"})

    for _ in range(3):
        assert await website.refresh() == {"found": 4, "unchanged": 3, "failed": 1}

    assert await website.reasons(site.url) == {"busy": reason}
    assert {page["url"]: page["document"]["id"] for page in await website.pages()} == kept


async def test_a_site_is_not_waited_for_without_end(
    people: People, site: WebsiteServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks for a day: no site holds up its crawl for longer than two minutes at a time, here for a second."""
    for module in (changes, fetching):
        monkeypatch.setattr(module, "MAX_HOLD", 1.0)
    site.put("/", html("Start", "/busy"))
    site.put("/busy", html("Busy"))
    busy = Busy(site, "/busy", 429, lambda: "86400", times=1)

    website = await crawls.add(await people.shop(), site.url)

    assert await website.counts() == {"found": 2, "indexed": 2}
    assert len(busy.asked_at) == 2
