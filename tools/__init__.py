"""Commands for those who work on Pykälä: running it with the Playground, making the commands page."""
