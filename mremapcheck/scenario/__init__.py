"""Scenarios: the format of a document, reading it, and what it becomes.

::

    text --plain--> lists, mappings, text --parse (format, fields, values)--> items --lower--> Scenario

``kinds`` holds what can be mapped, a module for each kind. ``loader`` reads files and folders, ``lint`` finds what is
legal and still no good, ``picture`` draws a scenario.
"""
