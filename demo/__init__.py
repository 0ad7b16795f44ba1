"""The demonstration: the synthesised template and a real S3 server, on this machine."""
