"""How well documents in other languages are found, read and refused."""
