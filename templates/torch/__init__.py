"""The templates of the PyTorch target; schedules and statements are borrowed from NumPy's."""
