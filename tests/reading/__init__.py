"""Tests of the readers of pasted text."""
