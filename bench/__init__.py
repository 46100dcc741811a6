"""What the engine adds to the requests themselves: `make bench`. Nothing here is asserted."""
