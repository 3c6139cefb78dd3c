"""What starts an engine: launch-cluster.sh, docker run, or a virtual environment (pure)."""
