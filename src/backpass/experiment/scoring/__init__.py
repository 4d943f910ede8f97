"""How well rows are answered: scores beside a baseline, and thresholds."""
