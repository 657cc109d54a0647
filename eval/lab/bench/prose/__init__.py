"""How complete answers are, compared with what the sources say: CLAP NQ and MTRAG."""
