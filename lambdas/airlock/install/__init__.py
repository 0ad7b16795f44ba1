"""What an OpenShift install looks like from outside: the names it uses and the signals it gives."""
