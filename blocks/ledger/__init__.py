"""The shared records of every process in one SQL database: lock, claim, runs, launches, what was seen."""
