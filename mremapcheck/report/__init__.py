"""How results look: one module a format."""
