"""What schedulers are built of; guests may import it."""
