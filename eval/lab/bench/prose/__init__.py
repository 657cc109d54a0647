"""How much of what the sources say to it an answer says: CLAP NQ's and MTRAG's questions."""
