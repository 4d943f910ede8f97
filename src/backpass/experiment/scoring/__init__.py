"""How well rows are answered: metrics, thresholds and intervals."""
