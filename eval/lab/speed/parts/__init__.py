"""The parts of the benchmark: each measures a few rows of the table in less than ten minutes."""
