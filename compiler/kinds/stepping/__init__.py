"""How layer kinds are computed one position at a time: what a rule sees, and the rules in common."""
