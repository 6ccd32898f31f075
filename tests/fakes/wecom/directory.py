"""What an app may ask of the company's directory: nothing but what is in its visible range."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from tests.fakes.wecom.errors import Errcode

Json = dict[str, Any]
Ask = Callable[[Json, dict[str, str]], Json]


class Listed(Protocol):
    @property
    def userid(self) -> str: ...
    @property
    def name(self) -> str: ...


class Directory:
    """`members`: everybody of the company by userid in lower case; `seen`: those in the range."""

    def __init__(
        self,
        agent_id: int,
        members: Mapping[str, Listed],
        seen: Mapping[str, str],
        suspended: Callable[[], bool],
    ) -> None:
        self.departments: dict[int, int] = {}
        """Departments in the range: the one above each, 0 for those at the top."""
        self.placed: dict[str, int] = {}
        """By userid in lower case: the department through which a member is in the range."""
        self.tags: list[int] = []
        """Tags in the range."""
        self.leaders: dict[str, str] = {}
        """By userid in lower case: the userid of the direct superior."""
        self._agent_id = agent_id
        self._members = members
        self._seen = seen
        self._suspended = suspended

    @property
    def methods(self) -> dict[str, Ask]:
        return {
            "agent/get": self._agent,
            "user/get": self._user,
            "user/simplelist": self._names,
            "user/list": self._users,
            "user/list_id": self._not_for_apps,
            "department/simplelist": self._ids,
            "department/list": self._all,
            "department/get": self._one,
        }

    def _agent(self, _body: Json, query: dict[str, str]) -> Json:
        if query.get("agentid") != str(self._agent_id):
            raise Errcode(301002, "not the agent of this token")
        alone = (one for low, one in self._seen.items() if low not in self.placed)
        users = [{"userid": one} for one in alone]
        return {
            "agentid": self._agent_id,
            "name": "档案助手",
            "close": int(self._suspended()),
            "allow_userinfos": {"user": users},
            "allow_partys": {"partyid": [one for one, top in self.departments.items() if not top]},
            "allow_tags": {"tagid": self.tags},
        }

    def _user(self, _body: Json, query: dict[str, str]) -> Json:
        low = query.get("userid", "").lower()
        if low not in self._members:
            raise Errcode(60111, "userid not found")
        if low not in self._seen:
            raise Errcode(60011, "no privilege to access this member")
        return self._card(low)

    def _names(self, _body: Json, query: dict[str, str]) -> Json:
        names = ("userid", "name", "department")
        here = (self._card(one) for one in self._of(query))
        return {"userlist": [{name: card[name] for name in names} for card in here]}

    def _users(self, _body: Json, query: dict[str, str]) -> Json:
        return {"userlist": [self._card(one) for one in self._of(query)]}

    def _not_for_apps(self, _body: Json, _query: dict[str, str]) -> Json:
        raise Errcode(48002, "api forbidden: for the directory's own secret only")

    def _ids(self, _body: Json, query: dict[str, str]) -> Json:
        found = self._below(query)
        return {"department_id": [self._placed(one) for one in found]}

    def _all(self, _body: Json, query: dict[str, str]) -> Json:
        return {"department": [self._described(one) for one in self._below(query)]}

    def _one(self, _body: Json, query: dict[str, str]) -> Json:
        return {"department": self._described(self._department(query.get("id", "")))}

    def _card(self, low: str) -> Json:
        """Return a member as an app of today gets them: no telephone, no address."""
        place = self.placed.get(low)
        above = self.leaders.get(low, "")
        return {
            "userid": self._members[low].userid,
            "name": self._members[low].name,
            "department": [place] if place else [],
            "main_department": place or 0,
            "position": "",
            "is_leader_in_dept": [0] if place else [],
            "direct_leader": [above] if above.lower() in self._seen else [],
            "status": 1,
        }

    def _of(self, query: dict[str, str]) -> Iterator[str]:
        """Return the members of one department, not of those below it."""
        department = self._department(query.get("department_id", ""))
        places = self.placed.items()
        return (low for low, at in places if at == department and low in self._seen)

    def _below(self, query: dict[str, str]) -> list[int]:
        """Return a department and all below it; without one, all that the app sees."""
        if "id" not in query:
            return list(self.departments)
        found = [self._department(query["id"])]
        for one in found:
            found += [below for below, above in self.departments.items() if above == one]
        return found

    def _department(self, given: str) -> int:
        if not given.isdecimal() or int(given) not in self.departments:
            raise Errcode(60003, "department not found")
        return int(given)

    def _placed(self, one: int) -> Json:
        return {"id": one, "parentid": self.departments[one], "order": one}

    def _described(self, one: int) -> Json:
        named = {"name": f"部门{one}", "name_en": "", "department_leader": []}
        return self._placed(one) | named
