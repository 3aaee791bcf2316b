"""Sites that a crawler must not be led astray by, and what each of their pages is kept or dropped for."""

import gzip
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest

from core.clock import today
from tests.rag.parsing.pdf_files import make_pdf
from tests.schema.websites.test_websites import page
from tests.support import crawls
from tests.support.people import People
from tests.support.website import Reply, Request, WebsiteServer

YEARS = range(1990, 2060)


def html(text: str, *links: str, head: str = "") -> str:
    """Return a page of HTML with more in its head."""
    return page(text, text, *links).replace("</head>", f"{head}</head>")


async def test_each_address_is_kept_or_dropped_for_a_reason(people: People, site: WebsiteServer) -> None:
    links = [
        "/a",
        "/a?utm_source=x",
        "/a#part",
        "/private/x",
        "/tag/x",
        "/noindex",
        "/moved",
        "/away",
        "/loop1",
        "/copy",
    ]
    links += ["/logo.png", "/price.pdf", "/empty", "/broken", "/gone", "/secret", "/feed.json", "/inside", "/named"]
    site.replies["/robots.txt"] = Reply(200, b"User-agent: *\nDisallow: /private/\n", {"content-type": "text/plain"})
    site.put("/", html("Start", *links))
    site.put("/a", html("First"))
    site.put("/tag/x", html("Tag"))
    site.put("/noindex", html("Secret", "/found", head="<meta name=robots content=noindex>"))
    site.put("/found", html("Found behind a page that is not indexed"))
    site.replies["/moved"] = Reply(301, headers={"location": "/target"})
    site.put("/target", html("Target"))
    site.replies["/away"] = Reply(301, headers={"location": "http://other.example/"})
    site.replies["/loop1"] = Reply(302, headers={"location": "/loop2"})
    site.replies["/loop2"] = Reply(302, headers={"location": "/loop1"})
    site.put("/copy", html("First"))
    site.put("/price.pdf", make_pdf(["Prices\nA tree costs ninety euros."]), kind="application/pdf")
    site.put("/empty", "<html><body><script>x</script></body></html>")
    site.replies["/broken"] = Reply(200, b"not gzip", {"content-encoding": "gzip"})
    site.replies["/secret"] = Reply(403)
    site.put("/feed.json", "{}", kind="application/json")
    site.replies["/inside"] = Reply(302, headers={"location": f"http://127.0.0.2:{site.port}/admin"})
    site.put("/named", html("Named", head="<link rel=canonical href='/named-well'>"))
    site.put("/named-well", html("Named", head="<link rel=canonical href='/named-well'>"))

    website = await crawls.add(await people.shop(), site.url, exclude=["/tag/"])

    assert await website.reasons(site.url[:-1]) == {
        "/private/x": "ROBOTS",
        "/tag/x": "EXCLUDED",
        "/noindex": "NOINDEX",
        "/moved": "REDIRECTED",
        "/away": "REDIRECTED_AWAY",
        "/loop1": "REDIRECTED",
        "/loop2": "REDIRECTED",
        "/copy": "DUPLICATE",
        "/logo.png": "NOT_TEXT",
        "/empty": "NO_TEXT",
        "/broken": "BROKEN_ENCODING",
        "/gone": "MISSING",
        "/secret": "REFUSED",
        "/feed.json": "NOT_TEXT",
        "/inside": "REDIRECTED_AWAY",
        "/named": "CANONICAL_ELSEWHERE",
    }
    assert await website.counts() == {"found": 22, "indexed": 6, "skipped": 15, "failed": 1}
    assert not {"/private/x", "/tag/x", "/logo.png"} & set(site.asked)
    assert site.asked["/broken"] == 3
    assert site.most_connections == 1


async def test_a_page_whose_copy_or_canonical_page_is_not_there_stands_for_itself(
    people: People, site: WebsiteServer
) -> None:
    site.put("/", html("Start", "/a", "/b", "/c"))
    site.put("/a", html("First", head="<link rel=canonical href='/nowhere'>"))
    site.put("/b", html("Second", head="<link rel=canonical href='/c'>"))
    site.put("/c", html("Third", head="<link rel=canonical href='/b'>"))

    website = await crawls.add(await people.shop(), site.url)

    assert await website.reasons(site.url[:-1]) == {"/nowhere": "MISSING"}
    assert await website.counts() == {"found": 5, "indexed": 4, "skipped": 1}


@pytest.mark.parametrize(
    ("month", "day"),
    [
        ("/calendar/{:%Y/%m}", "/calendar/{:%Y/%m/%d}"),
        ("/calendar?month={0:%m}&year={0:%Y}", "/calendar?day={0:%d}&month={0:%m}&view=day&year={0:%Y}"),
        ("/events/{:%Y-%m}", "/events/day/{:%Y-%m-%d}"),
        ("/agenda?date={:%Y-%m-01}", "/agenda?date={:%Y-%m-%d}"),
    ],
)
async def test_a_calendar_without_end_ends(people: People, site: WebsiteServer, month: str, day: str) -> None:
    months = {month.format(date(year, number, 1)): date(year, number, 1) for year in YEARS for number in range(1, 13)}
    days = {day.format(first + timedelta(days=number)) for first in months.values() for number in range(28)}

    def answer(request: Request) -> Reply | None:
        if (first := months.get(request.path)) is not None:
            others = [month.format(first + timedelta(days=step)) for step in (-1, 31)]
            return Reply(
                200, html(f"{first:%B %Y}", *others, *(day.format(first.replace(day=n)) for n in (1, 2))).encode()
            )
        return Reply(200, html(f"Nothing on {request.path}").encode()) if request.path in days else None

    site.put("/", html("Start", month.format(today().replace(day=1))))
    site.fallback = answer

    website = await crawls.add(await people.shop(), site.url, maxPages=1_000)

    assert set((await website.reasons(site.url)).values()) == {"TRAP"}
    assert (await website.counts())["indexed"] <= 16


async def test_an_archive_that_leads_to_articles_is_read_to_its_end(people: People, site: WebsiteServer) -> None:
    """Each month has an article, and only the month before leads to it."""
    site.put("/", html("Start", "/archive/2020/12"))
    for number in range(1, 13):
        site.put(
            f"/archive/2020/{number}",
            html(f"Month {number}", f"/archive/2020/{number - 1}", f"/2020/{number}/{chr(96 + number)}-tree"),
        )
        site.put(f"/2020/{number}/{chr(96 + number)}-tree", html(f"Article {number}"))
    for number in range(1, 51):
        site.put(
            f"/news?page={number}",
            html(f"News {number}", f"/news?page={number + 1}", f"/story/{'abcde'[number % 5] * number}"),
        )
        site.put(f"/story/{'abcde'[number % 5] * number}", html(f"Story {number}"))
    site.put("/archive/2020/1", html("Month 1", "/news?page=1"))

    website = await crawls.add(await people.shop(), site.url)

    assert await website.reasons(site.url) == {"news?page=51": "MISSING"}
    assert await website.counts() == {"found": 125, "indexed": 124, "skipped": 1}


@pytest.mark.parametrize(
    "trap",
    [
        lambda path: [f"{path.rstrip('/')}/deeper/"],
        lambda path: [f"/list?page={int(urlsplit(path).query.partition('=')[2] or 0) + 1}"],
        lambda path: [
            f"{path}{'&' if '?' in path else '?'}{name}=1" for name in "abcdefghijkl" if f"{name}=" not in path
        ],
        lambda path: [f"{urlsplit(path).path}?PHPSESSID={len(path)}{hash(path)}"],
    ],
    ids=["a path that repeats itself", "pages without end", "filters in every combination", "sessions"],
)
async def test_links_that_are_made_without_end_end(people: People, site: WebsiteServer, trap: object) -> None:
    assert callable(trap)
    site.fallback = lambda request: Reply(200, html(f"Page {request.path}", *trap(request.path)).encode())
    site.replies["/robots.txt"] = site.replies["/sitemap.xml"] = Reply(404)

    website = await crawls.add(await people.shop(), site.url, maxPages=1_000)

    counts = await website.counts()
    assert counts["indexed"] <= 180
    assert (await website.state())["status"] == "READY"
    assert sum(site.asked.values()) <= 200


async def test_what_a_sitemap_lists_is_found_without_a_link(people: People, site: WebsiteServer) -> None:
    listed = "".join(f"<url><loc>{site.url}listed/2040/0{month}</loc></url>" for month in range(1, 4))
    index = "<sitemapindex><sitemap><loc>/map.xml.gz</loc></sitemap><sitemap><loc>http://a.example/</loc></sitemap></sitemapindex>"
    site.replies["/robots.txt"] = Reply(200, b"Sitemap: /maps.xml", {"content-type": "text/plain"})
    site.put("/maps.xml", index, kind="application/xml")
    site.put("/map.xml.gz", gzip.compress(f"<urlset>{listed}</urlset>".encode()), kind="application/gzip")
    site.put("/", html("Start"))
    for month in range(1, 4):
        site.put(f"/listed/2040/0{month}", html(f"Month {month}"))
    website = await crawls.add(await people.shop(), site.url)
    assert await website.counts() == {"found": 4, "indexed": 4}

    site.replies["/map.xml.gz"] = Reply(200, b"\x1f\x8bbroken")
    assert await website.refresh() == {"found": 4, "unchanged": 4}

    site.put("/map.xml.gz", gzip.compress(f"<urlset>{listed[: len(listed) // 3 * 2]}</urlset>".encode()), kind="x/y")
    assert await website.refresh() == {"found": 3, "unchanged": 3, "removed": 1}
