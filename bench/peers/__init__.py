"""The same visit note as others would write it: plain bots, each on the libraries' own ways."""
