"""Sweeps: one spec trained with many values of its constants and training arguments.

`axes.py` reads what is to vary, `knobs.py` writes a value into a spec, `points.py` and `outcome.py`
say what is trained and what came of it, `folder.py` keeps the results, `workers.py` and
`cluster.py` run the trainings, `ranking.py`, `table.py` and `chart.py` show them.
"""
