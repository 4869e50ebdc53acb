"""The doctor's answer in the words and the layout of those who asked: structure, text, JSON."""
