"""Carries out effects and timers. May use storage, cards, documents and texts; adapters arrive from app.py."""
