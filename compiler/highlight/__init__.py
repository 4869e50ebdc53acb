"""Colours for specs where no compiler runs: a Pygments lexer, and a grammar for TextMate editors.

Both are made from one table of rules, whose words come from the registries."""
