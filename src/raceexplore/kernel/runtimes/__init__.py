"""What the kernel asks of an async runtime, and which one a program is written for."""
