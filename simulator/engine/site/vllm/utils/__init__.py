"""Tools shared inside the stand-in package, where the real package has them."""
