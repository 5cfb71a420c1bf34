"""Mutated activities against the bot's own turn, as fast as it answers: `make hostile COUNT=100000`."""
