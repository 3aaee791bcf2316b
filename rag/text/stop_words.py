"""Words that say nothing of what a text is about, folded: they carry its grammar, or a conversation's manners."""

_ENGLISH = """
a about above after again against all also am an and any are aren as at be because been before being below between
both but by can cannot could couldn did didn do does doesn doing don down during each either ever few find for from
further get got had hadn has hasn have haven having he hello her here hers herself hi him himself his how i if in into
is isn it its itself just know let many me might mightn more most much must mustn my myself needn neither no nor not
now of off on once only or other our ours ourselves out over own per please shall shan she should shouldn so some such
tell than thank thanks that the their theirs them themselves then there these they this those through to too under
until up upon very want was wasn we were weren what when where whether which while who whom whose why will with within
without would wouldn you your yours yourself yourselves
"""
_FRENCH = """
a afin ai aie aimerais ainsi ait alors apres au aucun aucune aujourd aupres auquel aura aurait aussi autre autres aux
auxquelles auxquels avaient avait avant avec avez avoir avons ayant bonjour c ca car ce ceci cela celle celles celui
cependant certain certaine certaines certains ces cet cette ceux chaque chez ci comme comment d dans de depuis des
desquelles desquels dire dis dois doit donc dont du duquel elle elles en encore entre es est et etaient etait etant
ete etes etre eu eux faire fait faites faut font furent fut hui il ils j je jusqu jusque l la laquelle le lequel les
lesquelles lesquels leur leurs lors lorsqu lorsque lui m ma mais me meme memes merci mes moi moins mon n ne ni non nos
notre nous on ont or ou par parce pas pendant peu peut peuvent peux plus plusieurs pour pourquoi pouvez puis puisqu
puisque qu quand que quel quelle quelles quelque quelques quels qui quoi quoiqu s sa sans savoir se selon sera serait
ses si soit sommes son sont sous suis sur svp t ta te tes toi ton tous tout toute toutes tres tu un une va vers veux
voici voila vont vos votre voudrais vous y
"""

ENGLISH_STOP_WORDS = frozenset(_ENGLISH.split())
FRENCH_STOP_WORDS = frozenset(_FRENCH.split())
STOP_WORDS = {"en": ENGLISH_STOP_WORDS, "fr": FRENCH_STOP_WORDS}
LANGUAGES = tuple(STOP_WORDS)
