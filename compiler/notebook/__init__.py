"""nnc in notebooks: the cell magic `%%nnc`."""
