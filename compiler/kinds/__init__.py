"""The building blocks of registry entries: arguments, contexts, shared shape rules, lowering."""
