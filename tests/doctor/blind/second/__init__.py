"""A second blind corpus: written on 2026-11-29, after the first had been seen, and not seen before measured."""
