"""The base kernel's steps (5.4), by theme; ``history`` lists them in order and edits them."""
