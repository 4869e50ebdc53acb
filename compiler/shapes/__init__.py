"""Shape inference: the type of every layer's value, or an error that shows both ends."""
