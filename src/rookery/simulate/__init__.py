"""Virtual boards that speak the true device protocols."""
