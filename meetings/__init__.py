"""The middle: what a formal body is, does and records. Standard library only: no I/O, no clock, no random, no texts."""
