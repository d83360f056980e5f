"""Model endpoints: where answers are drawn, what is asked there, and what came back."""
