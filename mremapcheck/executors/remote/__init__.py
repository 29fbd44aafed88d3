"""The live executor at the other end of a line of bytes: in a guest, or behind a command."""
