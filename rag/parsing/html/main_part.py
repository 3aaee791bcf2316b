"""What a reader came for: the page without its menus, bars, notices and lists of other pages."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from lxml import etree

from rag.parsing.html.phrases import ENDS, INTRODUCES, LONGEST
from rag.parsing.html.tree import FEW_ELEMENTS, HEADINGS, body_of, empty, few_words

_AROUND = frozenset({"nav", "footer", "menu"})
_AROUND_ROLES = frozenset("navigation banner contentinfo complementary search menu menubar toolbar tablist".split())  # noqa: SIM905
_BLOCKS = frozenset(
    """div section aside ul ol nav header footer form p span table tr td dl figure article main fieldset center
    h1 h2 h3 h4 h5 h6 li a address menu details""".split()  # noqa: SIM905
)
_HOLDERS = frozenset("ul ol div section aside table td header".split())  # noqa: SIM905
_NAMED_AROUND = re.compile(
    r"""(?:^|[\s_-])(?:
    cookie\w*|consent\w*|gdpr|paywall\w*|popup|off-?canvas|skip-?(?:link|nav|to)|toolbar|top-?bar|search-?(?:form|box|bar)
    |nav-?links?|navbar|navigation|navi?|main-?menu|menu-?(?:main|top|item|container)|breadcrumbs?|pagination
    |pager|paging
    |post-?nav\w*|prev-?next|up-?next|side-?bar|widget-?area|widget_\w+|site-?(?:footer|header)|page-?footer
    |footer|colophon
    |share|sharing|share-?(?:bar|buttons?|links?)|sharedaddy|sociable|addtoany
    |social-?(?:share|links?|media|icons?|bar|buttons?|nav)?
    |related\w*|recommend\w*|popular|most-?(?:read|popular)|trending|latest-?(?:posts|news)|recent-?(?:posts|comments)
    |more-?(?:articles|stories|news|from|posts)|read-?(?:next|also)|see-?also|jp-relatedposts|jp-post-flair
    |outbrain|taboola
    |\w*comments?|comment-?(?:list|form|section|area|wrap)|respond|disqus|feedback|rating|post-?ratings?
    |newsletter|subscribe|subscription-?form|donat\w*|login|log-?in|sign-?in|signup|advert\w*|adsbygoogle|ads?
    |banner-?ads?|sponsor\w*
    |author\w*(?:-\w+)?|\w*autor\w*|bio|credits?|byline|news-?letter\w*|magazine?-?(?:teaser|box)|taboola\w*|entry-?footer|more-?link|(?:entry|post|article)-?(?:meta|date|time|utility)|postmetadata
    |meta-?(?:data|info)
    |tags?(?=$|\s)|tag-?(?:list|cloud|links)|tagcloud|categories|ez-toc\S*|print(?:-?(?:button|link))?
    |copyright|disclaimer|rss
    )(?:$|[\s_-])""",
    re.VERBOSE,
)
_NAMED_NEVER = re.compile(
    r"(?:^|[\s_-])(?:cookie\w*|consent\w*|gdpr|popup|\w*comments?|comment-?(?:list|form|section|area|wrap)|respond|disqus)"
    r"(?:$|[\s_-])"
)
_NAMED_BESIDE = re.compile(
    r"""(?:^|[\s_-])(?:
    teaser\w*|widget\w*|side\w*|aside|footer\w*|promo\w*|banner|cta\w*|right\w*|left\w*|bottom|related\w*|more\w*|next\w*|prev\w*
    |link-?list|links?|news|menu\w*|meta|author\w*|autor\w*|bio|credits?|sources?|tools?|recommend\w*
    |newsletter\w*|subscri\w*|disclosure|no-?print
    )(?:$|[\s_-])""",
    re.VERBOSE,
)
_NAMED_LEAD = re.compile("teaser|head|intro|lead|title|article|summary")
_NAMED_NOTE = re.compile("note|tip|warn|callout|admon|info|hint|caution|important|alert")
_CREDIT = re.compile(
    r"(?:[-–(]\s?)?(?:foto|photo|bild|image|credit|crédit|©|\(c\)|quelle|source|getty|copyright|picture|fotograf|fuente|fot\.|kuva|zdj)"
    r"[\w\s]{0,15}(?::|\||/|©|$|by\b|via\b|von\b)",
    re.IGNORECASE,
)
_LONGEST_CREDIT = 120
_LONGEST_LINK = 200
_ANSWER = 25
_MAX_PHRASES = 200
_MAX_SIBLINGS = 20
_BANNER = 100
"""The most text of a page's banner: a logo's name and a claim."""
_LITTLE_PROSE = 100
_MANY_LINKS = 0.6
"""Over this share of its text in links, a block is a menu or a list of other pages."""
_SOME_LINKS = 0.2
_MOST = 0.5
"""What holds this share of the text holds the main part."""
_SMALL = 0.3
_FEWEST_CHARACTERS = 500
"""A page that has fewer characters left, and less than a quarter of what it had, has lost its text."""


@dataclass(slots=True)
class _Measure:
    """What an element holds: characters of text, those in links, links, headings of level 1, and elements."""

    text: int = 0
    linked: int = 0
    links: int = 0
    titles: int = 0
    elements: int = 1

    @property
    def prose(self) -> int:
        return self.text - self.linked

    def add(self, inner: "_Measure") -> None:
        self.text += inner.text
        self.linked += inner.linked
        self.links += inner.links
        self.titles += inner.titles
        self.elements += inner.elements


_Measures = dict[etree._Element, _Measure]  # noqa: SLF001


def leave_out_surroundings(root: etree._Element, *, gently: bool = False) -> tuple[etree._Element, bool]:
    """Empty what stands around the main part of a page; return what holds it, and whether enough text is left.

    Nothing that holds most of the text is left out, whatever it is called. `gently` leaves out less by
    names and by links, which is for pages that lose most of their text else.
    """
    body = body_of(root)
    whole = _prose(body)
    names = _NAMED_NEVER if gently else _NAMED_AROUND
    measures = _measured(body, lambda element, measure: _is_around(element, measure, whole, names))
    if not gently:
        _empty_beside(body, measures)
    _empty_small(body, measures)
    _empty_introduced(body, measures)
    left = sum(len(text.strip()) for text in body.itertext())
    return body, left >= min(_FEWEST_CHARACTERS, whole / 4)


def _prose(body: etree._Element) -> int:
    """Return the characters of text outside links."""
    linked = 0
    for link in body.iter("a"):
        if next(link.iterancestors("a"), None) is None:
            linked += sum(len(text.strip()) for text in link.itertext())
    return sum(len(text.strip()) for text in body.itertext()) - linked


def _measured(body: etree._Element, leaves_out: Callable[[etree._Element, _Measure], bool] | None = None) -> _Measures:
    """Measure every element, from the innermost on; what `leaves_out` names is emptied, and counts for nothing."""
    elements = list(body.iter())
    measures = {element: _Measure() for element in elements}
    for element in reversed(elements):
        measure = measures[element]
        measure.text += len((element.text or "").strip())
        if element.tag == "a":
            measure.linked, measure.links = measure.text, 1
        elif element.tag == "h1":
            measure.titles = 1
        if element is body:
            break
        around = measures[element.getparent()]
        around.text += len((element.tail or "").strip())
        if leaves_out is not None and measure.text and element.tag in _BLOCKS and leaves_out(element, measure):
            empty(element)
            measure.text = measure.linked = measure.links = 0
        else:
            around.add(measure)
    return measures


def _is_around(element: etree._Element, measure: _Measure, whole: int, names: re.Pattern[str]) -> bool:
    """Tell whether an element is a menu, a bar or a notice: by what it is, what it is called, or its links."""
    if measure.prose >= whole / 2:
        return False
    if element.tag in _AROUND or element.get("role") in _AROUND_ROLES:
        return True
    if not measure.titles and _is_named(element, names):
        return True
    if element.tag == "header" and not measure.titles and measure.prose < _BANNER and _is_banner(element):
        return True
    return element.tag in _HOLDERS and measure.links > 1 and measure.linked > _MANY_LINKS * measure.text


def _is_banner(element: etree._Element) -> bool:
    """Tell whether a header is the page's own, and holds no paragraph and no heading."""
    if next(element.iterancestors("main", "article", "section"), None) is not None:
        return False
    return next(element.iterdescendants("p", *HEADINGS), None) is None


def _is_named(element: etree._Element, names: re.Pattern[str]) -> bool:
    called = f"{element.get('class') or ''} {element.get('id') or ''}".lower()
    return len(called) > 1 and names.search(called) is not None


def _empty_beside(body: etree._Element, measures: _Measures) -> None:
    """Walk down to what holds most of the text, and empty what is no text on both sides of the way."""
    part = body
    kept = measures[body].prose
    while (inner := next((child for child in part if measures[child].prose >= _MOST * kept), None)) is not None:
        before = True
        for other in part:
            if other is inner:
                before = False
            elif _is_beside(other, measures[other], before) and measures[other].prose < _SMALL * kept:
                _drop(other, measures)
        part = inner


def _is_beside(element: etree._Element, measure: _Measure, before: bool) -> bool:
    if not measure.text or measure.titles or element.tag in HEADINGS:
        return False
    leads = before and (element.tag == "header" or _is_named(element, _NAMED_LEAD))
    if _is_named(element, _NAMED_BESIDE) and not leads:
        return True
    return element.tag != "p" and measure.linked > _SOME_LINKS * measure.text


def _empty_small(body: etree._Element, measures: _Measures) -> None:
    """Empty asides that are no notes, paragraphs that are one link, and the credits of pictures."""
    kept = measures[body].prose
    for element in list(body.iter("aside", "p", "div", "figcaption", "small", "span", "li", "cite")):
        measure = measures[element]
        if element.tag == "aside":
            small = measure.prose < _SMALL * kept and not _is_named(element, _NAMED_NOTE)
        else:
            small = 0 < measure.text < _LONGEST_CREDIT and _is_credit(element, measure)
            if element.tag in {"p", "div"} and measure.links == 1 and measure.text < _LONGEST_LINK:
                small = small or measure.linked > 0.8 * measure.text
        if small:
            _drop(element, measures)


def _is_credit(element: etree._Element, measure: _Measure) -> bool:
    return measure.elements <= FEW_ELEMENTS and _CREDIT.match(few_words(element)) is not None


def _empty_introduced(body: etree._Element, measures: _Measures) -> None:
    """Empty the sections whose first words say that they lead to other pages, or ask for something."""
    kept = measures[body].prose
    for element, words in islice(_introductions(body, measures), _MAX_PHRASES):
        ends = ENDS.match(words) is not None
        if not ends and (words.endswith("?") or INTRODUCES.match(words) is None):
            continue
        section = list(_section_of(element, body, measures, kept))
        text = sum(measures[each].text for each in section)
        linked = sum(measures[each].linked for each in section)
        follows = element.getnext() if section == [element] else None
        if not ends and follows is not None and measures[follows].prose > _ANSWER:
            continue
        if ends or text - linked - len(words) < _LITTLE_PROSE or linked > _SOME_LINKS * text:
            for each in section:
                _drop(each, measures)


def _introductions(body: etree._Element, measures: _Measures) -> Iterator[tuple[etree._Element, str]]:
    tags = (*HEADINGS, "p", "div", "span", "strong", "b", "li", "legend", "header", "dt", "label", "a", "figcaption")
    for element in list(body.iter(*tags)):
        if 0 < measures[element].text <= LONGEST and measures[element].elements <= FEW_ELEMENTS:
            words = few_words(element, headings=True)
            if 0 < len(words) <= LONGEST and (ENDS.match(words) or INTRODUCES.match(words)):
                yield element, words


def _section_of(
    element: etree._Element, body: etree._Element, measures: _Measures, kept: int
) -> Iterator[etree._Element]:
    """Yield the largest element, but a small one, that begins with `element`, or what follows it up to a heading."""
    section = element
    while (around := section.getparent()) is not None and around is not body:
        if (around.text or "").strip() or measures[around].text > _SMALL * kept or _has_text_before(section, measures):
            break
        section = around
    yield section
    if section is element and element.tag in {*HEADINGS, "p", "div"}:
        for following in islice(element.itersiblings(), _MAX_SIBLINGS):
            if following.tag in HEADINGS and (following.tag <= element.tag or element.tag not in HEADINGS):
                break
            if measures[following].text and measures[following].linked < _SOME_LINKS * measures[following].text:
                break
            yield following


def _has_text_before(element: etree._Element, measures: _Measures) -> bool:
    for before in islice(element.itersiblings(preceding=True), _MAX_SIBLINGS):
        if measures[before].text or (before.tail or "").strip():
            return True
    return False


def _drop(element: etree._Element, measures: _Measures) -> None:
    measures[element] = _Measure()
    empty(element)
