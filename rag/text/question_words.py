"""Words that say what kind of answer a question wants, and are seldom in the answer: "what year", "quel métier"."""

from rag.text.terms import term

_ENGLISH = """
able according amount aspect begin called causes characteristic come consist date definition difference duration effect
example factor feature figure function go happen hold kind location long make many mean meaning method name named names
occupation occur often percentage place profession purpose quantity reason referred result role sort start term title
type way year
"""
_FRENCH = """
annee annees appelle appele appelee appelait but caracteristique caracteristiques cause causes combien consequence
consequences consiste consistait critere date dates definition deroule different duree dure evenement exemple facteur
fonction genre lieu metier moyen nationalite nom nomme nommee noms nombre objet parle passe permet personne pourcentage
prenom profession propos quantite raison raisons resultat role sert signifie situe situee sorte surnom titre travail
trouve trouvait type veulent veut
"""
FRAMING_STEMS = {
    language: frozenset(stem for word in words.split() if (stem := term(word, language)) is not None)
    for language, words in (("en", _ENGLISH), ("fr", _FRENCH))
}
"""The stems of these words in each language."""
