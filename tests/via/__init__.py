"""Tests of the executor behind a command."""
