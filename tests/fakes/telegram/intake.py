"""How the bot gets its updates: by asking, or at its own address; never both."""

from __future__ import annotations

from collections.abc import Callable

from tests.fakes.telegram.errors import bad, conflict
from tests.fakes.telegram.limits import SECRET, SECRET_LENGTH
from tests.fakes.telegram.params import Params
from tests.fakes.telegram.updates import Queue
from tests.fakes.telegram.webhook import USUAL_CONNECTIONS, Deliveries, Hook

Json = dict[str, object]
Method = Callable[[Params], object]

MOST_CONNECTIONS = 100
PAGE = 100


class Intake:
    def __init__(self, updates: Queue, webhook: Deliveries) -> None:
        self._updates = updates
        self._webhook = webhook

    def table(self) -> dict[str, Method]:
        """Return the methods by their lower-case name; getUpdates waits and is not among them."""
        return {
            "setwebhook": self.set_webhook,
            "deletewebhook": self.delete_webhook,
            "getwebhookinfo": self.webhook_info,
        }

    async def get_updates(self, params: Params) -> list[Json]:
        if self._webhook.hook.url:
            raise conflict(
                "can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first"
            )
        self._updates.allow(params.json("allowed_updates"))
        limit = min(max(params.integer("limit", PAGE), 1), PAGE)
        seconds = max(params.integer("timeout"), 0)
        return await self._updates.poll(params.integer("offset"), limit, seconds)

    def set_webhook(self, params: Params) -> bool:
        url = params.text("url")
        if not url:
            return self.delete_webhook(params)
        if not url.startswith(("https://", "http://")):
            raise bad("invalid webhook URL specified")
        secret = params.text("secret_token")
        if len(secret) > SECRET_LENGTH:
            raise bad("secret token is too long")
        if not SECRET.fullmatch(secret):
            raise bad("secret token contains unallowed characters")
        connections = params.integer("max_connections", USUAL_CONNECTIONS)
        hook = Hook(url, secret, min(max(connections, 1), MOST_CONNECTIONS))
        self._updates.allow(params.json("allowed_updates"))
        if self._webhook.hook.same(hook) and not params.flag("drop_pending_updates"):
            return True  # "Webhook is already set": deliveries under way go on
        self._drop(params)
        self._updates.interrupt()
        self._webhook.set(hook)
        return True

    def delete_webhook(self, params: Params) -> bool:
        self._drop(params)
        self._webhook.set(Hook())
        return True

    def _drop(self, params: Params) -> None:
        if params.flag("drop_pending_updates"):
            self._updates.clear()

    def webhook_info(self, _params: Params) -> Json:
        hook = self._webhook.hook
        info: Json = {
            "url": hook.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates),
        }
        if hook.last_error:
            info |= {"last_error_date": hook.last_error_at, "last_error_message": hook.last_error}
        if hook.url:
            info |= {"max_connections": hook.max_connections, "ip_address": "127.0.0.1"}
        if self._updates.allowed is not None:
            info["allowed_updates"] = self._updates.allowed
        return info
