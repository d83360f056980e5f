"""What is held of people: a copy for themselves, how long it stays, and how they are forgotten."""
