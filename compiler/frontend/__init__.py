"""The front end: from text to the syntax tree, and from there to the layer graph.

This is the only folder that depends on Lark."""
