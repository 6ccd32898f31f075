"""The parts of the Telegram stand-in; `tests/fakes/telegram_server.py` puts them together.

    async with TelegramServer(now=clock.now) as server:
        ann = server.person(7001, "欧阳慧敏", language="zh")
        await ann.start()                      # the bot is given server.base and server.token
        await server.until(lambda: ann.messages)
        tap = await ann.tap(ann.last, label="拜访")
        await server.idle()                    # every update is confirmed
        assert (tap.text, ann.last.buttons) == ("", [("今天", "c.7.1.pick.1")])

It is an independent peer: nothing of the program is imported here. What it answers follows the
platform's own Bot API server and client library (tdlib/telegram-bot-api, tdlib/td): the error
texts, the order of checks, the queues of a webhook. Where the platform silently drops or cuts
(an empty button, the 13th in a row), the stand-in refuses, because a test must see it.
"""
