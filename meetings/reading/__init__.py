"""Readers of what secretaries paste: pure functions from text to frozen readings, with questions instead of guesses."""
