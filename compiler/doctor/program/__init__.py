"""The user's program, called in a separate process on random numbers."""
