"""What every part stands on: errors, units, documents, and in ``text/`` the languages that text goes into."""
