"""The outbox story: an order is saved here and announced there, and a crash comes between."""
