"""Hostile input by the thousand: what is written into other languages, and what is read from files and guests.

Each kind of input is drawn from a seed, so that a number names it for ever. Every checkout tries a few hundred of each
(``test_fuzzing``); ``python -m tests.fuzzing --count 100000`` tries as many as one likes, and says what each ended in.
"""
