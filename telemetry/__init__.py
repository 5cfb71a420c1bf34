"""What an operator sees: health, metrics, logs and traces. Nothing of it names a person or repeats what one has written."""
