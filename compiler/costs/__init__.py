"""What running the generated code costs, estimated: by this passes choose between ways to compute."""
