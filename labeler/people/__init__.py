"""Who is here, how they sign in, and what they may do in a project."""
