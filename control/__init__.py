"""Starting and stopping the house: the command line, the worker, the demo."""
