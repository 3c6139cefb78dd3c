"""A simulated cluster: real SSH, real bash, stand-in programs, so that nothing above knows the difference."""
