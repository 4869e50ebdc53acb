"""The page that `nnc report` writes."""
