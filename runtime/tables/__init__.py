"""Tables (CSV, Parquet, JSON lines): reading, and their encoding as arrays."""
