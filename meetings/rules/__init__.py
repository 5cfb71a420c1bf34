"""The rules of meetings: pure functions over the model. `now` and names of days come as arguments."""
