"""Formulas of a spec as kinds of layers and losses; imported only where a spec has one."""
