"""The live executor behind any command that gives a Python on its standard input."""
