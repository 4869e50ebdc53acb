"""From text to the syntax tree, and from there to the layer graph. The only folder that knows Lark."""
