"""`python -m eval.lab.bench`: the table of targets."""

from eval.lab.bench.table import main
from eval.lab.command import run_command

if __name__ == "__main__":
    run_command(main)
