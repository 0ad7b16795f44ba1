"""Whether a principal's install would pass, asked of the account itself."""
