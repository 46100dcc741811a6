"""The HTTP door: for now, whether the service is alive."""
