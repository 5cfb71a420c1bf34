"""Screens: what a person is shown, as data. One module an area; `cards/` turns each into an Adaptive Card in any language."""
