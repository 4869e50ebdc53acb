"""The targets, a folder each: how a program is written down, beside the text in templates/."""
