"""The `airlock` command line: for operators, outside the functions' asset."""
