"""Stand-ins for what is not ours: the Teams channel and the token issuer, each a real HTTP server with the real wire format."""
