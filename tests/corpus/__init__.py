"""Bad specs with planted faults, and the findings expected for each."""
