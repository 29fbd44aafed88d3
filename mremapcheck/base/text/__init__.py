"""Text that goes into another language: one module for each, whose functions no text of a stranger gets around.

A scenario, a log, a recording and a kernel's banner are written by somebody else. What they say is shown and exported,
and never becomes code, markup or a command of the terminal there. Nothing here knows what the text is about.
"""
