"""The messengers the bot speaks; one module or folder each."""
