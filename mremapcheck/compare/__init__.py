"""What distinguishes two outcomes, and which change causes it."""
