"""The stand-in for docker: containers are folders with plain files, and real processes."""
