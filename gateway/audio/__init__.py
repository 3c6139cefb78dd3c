"""Speech with its speakers: words and voices joined, long files cut, two channels told apart."""
