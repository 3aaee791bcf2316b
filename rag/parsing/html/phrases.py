"""The words over what stands on a page beside its text: lists of other pages, shares, comments, subscriptions.

In the languages that most pages are in. `ENDS` are words that mean nothing else; a section under words of
`INTRODUCES` is left out where it holds little but links.
"""

import re

LONGEST = 70
"""A longer text is no such heading."""

_ENDS = (
    # English
    r"leave a (?:reply|comment)|post a comment|about the authors?|written by|more from the author|follow us\b",
    r"share (?:this|it)\b",
    r"like (?:it|this)\b.{0,3}share|all rights reserved|subscribe (?:to|now)\b.{0,40}newsletter",
    r"sign up for\b.{0,40}newsletter",
    r"you (?:may|might) (?:also|like)|related (?:posts|articles|stories|news|content|topics|reading)",
    r"read (?:also|more|next)\b|also read",
    r"more (?:from|stories|articles|news)\b|latest (?:news|posts|articles|stories)",
    r"most (?:read|popular|viewed)|recent (?:posts|comments|articles)",
    r"was this (?:article|page)|\d+ min(?:ute)?s? read|discover our latest|(?:\d+ )?comments?\W*$|filed under",
    r"advertisement\W*$|up next\W*$",
    # German
    r"ähnliche (?:beiträge|artikel|themen|produkte)|verwandte (?:artikel|themen|beiträge)",
    r"das (?:thema )?könnte|auch interessant|mehr (?:zum thema|dazu\b|artikel|news)",
    r"weitere (?:artikel|beiträge|themen|meldungen|news|nachrichten)|weiterführende|lesen sie (?:auch|mehr)",
    r"lies auch|schreiben? sie einen|schreibe einen",
    r"kommentar(?:e|ieren)?\W*$|kommentar (?:verfassen|schreiben|hinzufügen)|hinterlasse",
    r"neueste (?:artikel|beiträge|kommentare)|letzte (?:artikel|beiträge|kommentare)",
    r"am meisten|meist\W?(?:gelesen|diskutiert)|beliebte (?:artikel|beiträge)|top\W?themen",
    r"(?:diesen |den )?(?:artikel|beitrag|seite) (?:teilen|empfehlen|drucken)",
    r"(?:\w+ ){0,4}teilen\W*$|teilen (?:mit|sie)\b|über den autor|über die autorin|schlag(?:worte|wörter)",
    r"stichwört|abonniere\b|zurück zur|nach oben\W*$|anzeige\W*$|werbung\W*$",
    r"(?:der )?nächste[rs]? (?:artikel|beitrag)|vorheriger? (?:artikel|beitrag)",
    r"empfohlene (?:artikel|beiträge)|(?:für (?:dich|sie) )?empfohlen|möchten sie (?:weiterlesen|den artikel)",
    r"wie bewerten",
    r"hat (?:ihnen|dir) (?:der|dieser)|gefällt (?:mir|dir)|zum weiterlesen|diesen (?:artikel|beitrag)",
    r"folgen? (?:sie|du|uns)\b|jetzt (?:abonnieren|teilen)",
    # French
    r"à (?:lire|découvrir|voir) ?(?:aussi|également|ailleurs)?\W*$|lire (?:aussi|également|la suite)",
    r"voir aussi|sur le même|articles (?:liés|similaires|récents|connexes)|dans la même",
    r"partage[rz]\b|laisser un commentaire|(?:\d+ )?commentaires?\W*$|vos réactions",
    r"(?:articles )?les plus (?:lus|populaires)|vous (?:aimerez|pourriez)|mots.clés\W*$|publicité\W*$",
    r"suivez.nous|abonnez.vous",
    # Spanish, Portuguese, Italian, Dutch, Polish
    r"(?:notas|noticias|artículos|contenidos?|temas) relacionad|otras noticias|lea (?:también|más)",
    r"leer también|(?:le|te) puede|más (?:noticias|leíd)|comentarios?\W*$|compart(?:e|ir)\b|lo último",
    r"veja também|leia (?:mais|também)|leggi anche|articoli correlati|potrebbe|condividi|lees ook|gerelateerd",
    r"zobacz|czytaj|powiązane|polecamy|polecane|udostępnij|przeczytaj|komentarze",
    # Chinese, Japanese, Russian
    r"相关|推荐|热门|评论|関連|おすすめ|人気|コメント|シェア|читайте|похожие|комментари|поделиться",
)  # fmt: skip
_INTRODUCES = (
    r"related\b|recommended|more (?:on|about|in)\b|see also|also in\b|popular\b|trending|share\b",
    r"add a?\s?comment|responses\b|replies\b|subscribe|sign up|newsletter|join (?:our|the)",
    r"tags?\W*$|categor(?:y|ies)\W*$|topics?\W*$|sponsored|don.t miss|feedback\b|last (?:modified|updated)",
    r"contact us\W*$|(?:we want|if you enjoyed)|read the latest|discover our",
    r"mehr\b|weitere\b|passend|aktuelle (?:artikel|beiträge|news|meldungen)|beliebt|gefällt|zur person",
    r"autor(?:in)?\W*$|kategorien?\b|themen\W*$|empfehlung|abonnier|zurück\b|zur (?:startseite|übersicht)",
    r"jetzt (?:anmelden|bestellen|spenden)|das interessiert|lesetipp|ihre? (?:ansprechpartner|kontakt)",
    r"pressekontakt|ansprechpartner|diese seite|original(?:artikel|publikation)|sponsoren\W*$|lust auf mehr",
    r"schon gelesen",
    r"plus (?:d.articles|d.infos|d.actu)|inscrivez|abonnez|suivez|temas?\b|recomendad|video recomendado",
    r"etiquetas|suscr|síguenos|más sobre|relacionad|commenti|correlati|źródło|tagi\b|reacties",
    r"deel (?:dit|deze)|смотрите",
)  # fmt: skip


def _one_of(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"[\W\d]{0,20}(?:" + "|".join(phrases).replace(" ", r"\s") + ")", re.IGNORECASE)


ENDS = _one_of(_ENDS)
INTRODUCES = _one_of(_INTRODUCES)
