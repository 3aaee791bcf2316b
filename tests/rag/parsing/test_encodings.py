"""Bytes without a mark become the text that somebody wrote, whatever the program."""

import pytest

from rag.parsing.encodings import decode
from tests.rag.parsing.parsed import parse

TEXTS = {
    "Déjà payé : 12 €, où l’été s’achève à l’hôtel. Livré en trois jours.": "cp1252 iso-8859-15 mac-roman",
    "Déjà payé à la livraison, merci.": "cp1252 cp850 cp437",
    "Доставка осуществляется в течение трёх дней после заказа.": "cp1251 koi8-r cp866 iso-8859-5 utf-16-le",
    "配送には三日かかります。送料は五百円です。お問い合わせは電話でお願いします。": "shift_jis euc-jp iso-2022-jp",
    "送货需要三天时间。请在网站上查看价格。营业时间从九点到五点。": "gb18030",
    "送貨需要三天時間。請在網站上查看價格。營業時間從九點到五點。": "big5",
    "배송은 사흘이 걸립니다. 가격은 웹사이트에서 확인하세요.": "euc-kr",
    "Déjà payé : 12 €\nmerci": "utf-8 utf-16-le utf-16-be utf-32-le utf-32-be",
}


@pytest.mark.parametrize(
    ("text", "encoding"), [(text, encoding) for text, names in TEXTS.items() for encoding in names.split()]
)
def test_the_encoding_is_told_by_the_bytes(text: str, encoding: str) -> None:
    written = text.encode(encoding, errors="ignore")

    assert decode(written) == written.decode(encoding)


def test_a_bad_byte_in_utf_8_costs_one_character() -> None:
    content = "Prêt à coûter 12 € – voilà".encode()

    assert decode(content[:10] + b"\xff" + content[10:]) == "Prêt à c\ufffdoûter 12 € – voilà"


@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.md", "a.csv"])
def test_a_zero_in_a_text_costs_one_character(name: str) -> None:
    (block,) = parse(name, b"The ticket office opens\0 at nine in the morning.").blocks

    assert block.text == "The ticket office opens at nine in the morning."
