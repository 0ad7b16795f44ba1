"""Putting baselines back by hand, when everything else fails."""
