"""Formulas of a spec as kinds of layers and losses; imported only if a spec has one."""
