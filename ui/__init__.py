"""The command line, the window, and reports of runs."""
