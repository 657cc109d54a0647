"""`python -m eval.speed`: the benchmark of speed."""

from eval.command import run_command
from eval.speed.bench import main

if __name__ == "__main__":
    run_command(main)
