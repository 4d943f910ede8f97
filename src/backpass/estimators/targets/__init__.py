"""What y means: classes or numbers, how they are encoded, weighted, decided and decoded."""
