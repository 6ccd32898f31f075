"""Cases that others decide: the card, its buttons, who is told, who stands in for whom."""
