"""Proof: keys, envelopes and signatures."""
