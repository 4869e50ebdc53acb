"""The doctor's answer in the user's names and layout: structure, text, JSON."""
