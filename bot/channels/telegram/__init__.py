"""Telegram as a channel, through python-telegram-bot as a library of the Bot API.

Its periods of time are asked for as `timedelta`, which the library will make its only way; the
switch has to stand before the library is imported.
"""

import os

os.environ.setdefault("PTB_TIMEDELTA", "true")
