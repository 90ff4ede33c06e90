"""Looking after a server from the command line: one set of operations, beside a running server and without one."""
