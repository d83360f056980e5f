"""How well the statistics keep their promises, on simulated work whose truth is known."""
