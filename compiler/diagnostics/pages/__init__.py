"""The explanation pages: one Markdown file a diagnostic code."""
