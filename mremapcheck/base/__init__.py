"""What every part stands on: errors, units, the terminal."""
