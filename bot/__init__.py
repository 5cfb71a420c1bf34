"""The only folder that speaks Bot Framework: the edge, what comes in, the turn, what goes out. Imported by app.py alone."""
