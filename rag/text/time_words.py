"""Folded words that say when, in English and French. Written with a capital or not, they name nothing."""

_WORDS = """
    monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays
    sundays weekend weekends weekday weekdays today tomorrow tonight morning mornings evening evenings afternoon
    night january february march april june july august september october november december summer winter spring
    autumn christmas easter holiday holidays noon midnight week month year lundi mardi mercredi jeudi vendredi
    samedi dimanche lundis mardis samedis dimanches week-end weekends aujourd'hui demain matin matins soir soirs
    apres-midi nuit janvier fevrier mars avril juin juillet aout septembre octobre novembre decembre ete hiver
    printemps automne noel paques feries ferie vacances midi minuit semaine mois an annee
"""
TIME_WORDS = frozenset(_WORDS.split())
