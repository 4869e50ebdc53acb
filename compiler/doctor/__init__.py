"""The backprop doctor: which line of a gradient is wrong, and why."""
