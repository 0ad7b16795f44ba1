"""What goes into an account and onto a deployer's machine: a bill of materials, and the licences."""
