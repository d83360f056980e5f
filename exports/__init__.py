"""exports turns what labeler collected into datasets. labeler does not know that it exists."""
