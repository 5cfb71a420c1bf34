"""Ratios, side by side in one run: what a turn costs here, against stock botbuilder and a bare handler."""
