"""How good overviews are: against what people wrote, and by their form."""
