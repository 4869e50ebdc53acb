"""Everything nnc says about a spec: what a diagnostic is, which there are, how they are shown."""
