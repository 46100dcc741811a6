"""What Provisor ships for testing a deployment: targets that behave, and misbehave, on demand."""
