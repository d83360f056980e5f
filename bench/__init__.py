"""The benchmark: what labeler does in a second and in how much memory, measured from outside."""
