"""What should be true of each host, group by group: values that do no I/O."""
