"""The pipeline and the command line: tasks and flows of a few lines over the other packages."""
