"""`python -m eval.bench`: the table of targets."""

from eval.bench.table import main
from eval.command import run_command

if __name__ == "__main__":
    run_command(main)
