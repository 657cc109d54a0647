"""How good overviews are: compared with people's summaries, and by their form."""
