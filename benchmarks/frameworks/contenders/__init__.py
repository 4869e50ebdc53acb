"""How each contender runs a workload: one file a contender."""
