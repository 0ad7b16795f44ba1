"""What opening one policy would come to, told offline."""
