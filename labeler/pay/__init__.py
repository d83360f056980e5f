"""What work is worth and where every amount went."""
