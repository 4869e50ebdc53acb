"""What registry entries are written with: arguments, contexts, shared shape rules and lowering."""
