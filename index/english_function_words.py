"""English words that carry no meaning of their own: a search by words looks for the others."""

FUNCTION_WORDS = frozenset(
    "a about above according after again against all also although am among an and another any are "
    "around as at be because been before being below between both but by can could did do does "
    "doing during each either every few for from further had has have having he her here hers him "
    "his how however i if in into is it its itself just like many may me might more most much must "
    "my near neither no nor not of off on once only or other our out over own per rather same she "
    "should since so some such than that the their theirs them themselves then there these they "
    "this those though through thus to together too toward towards under until up upon us very via "
    "was we well were what when where whether which while who whom whose why will with within "
    "without would yes yet you your".split()
) - {"us"}
"""Without “us”, which is a country when it is written small."""
