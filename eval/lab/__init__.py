"""Tools that measure and train Footnoted; users do not need them, the product imports none."""
