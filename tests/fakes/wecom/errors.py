"""Errors as the platform answers them: HTTP 200 and a code."""

from __future__ import annotations


class Errcode(Exception):
    def __init__(self, code: int, words: str, **more: object) -> None:
        super().__init__(f"{code} {words}")
        self.code = code
        self.words = words
        self.more = more

    def wire(self, seen_from: str) -> dict[str, object]:
        words = f"{self.words}, hint: [1700000000123456789], from ip: {seen_from}, more info at x"
        return {"errcode": self.code, "errmsg": words, **self.more}
