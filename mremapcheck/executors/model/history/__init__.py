"""The kernel's history since 5.4, one module per release or theme; each reads like its changelog.

A module holds the steps that its changes bring, each one function, and the CHANGES with their edits.
"""
