"""What we can do to one host: look, check, fix, launch, follow; every command goes through tasks.ssh."""
