"""`python -m eval.bench`: the table of targets."""

import sys

from eval.bench.table import main
from index.errors import UserError

if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as error:
        sys.exit(str(error))
