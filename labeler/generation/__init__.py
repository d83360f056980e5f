"""Generation: batches whose answers endpoints are asked for, prompt by prompt."""
