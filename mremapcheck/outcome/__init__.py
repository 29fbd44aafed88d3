"""What was seen: facts put into words, the verdict of each move, and what was expected held against them."""
