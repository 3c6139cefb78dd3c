"""Ways into the server, where the real package has them."""
