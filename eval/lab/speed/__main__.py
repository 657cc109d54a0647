"""`python -m eval.lab.speed`: the speed benchmark."""

from eval.lab.command import run_command
from eval.lab.speed.bench import main

if __name__ == "__main__":
    run_command(main)
