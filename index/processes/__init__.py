"""Run work in a separate process, so that a crash there is only an error here."""
