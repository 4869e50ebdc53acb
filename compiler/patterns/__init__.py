"""Several ops of a graph that a target or a format has one call for; rewriting a graph by hand."""
