"""What a network computes, shown number by number, and whether its gradient is right."""
