"""Bad specs with planted faults, and what must be said of each."""
