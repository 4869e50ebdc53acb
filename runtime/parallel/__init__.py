"""Training on several processes, each with a share of the rows of every batch."""
