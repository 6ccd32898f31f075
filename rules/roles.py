"""The roles of all regulations: code, words, and a hint who stands above whom.

A role is a post somebody holds, a unit whose members act for it, a relation to another person
(the direct superior of ...), or somebody outside. Guards against texts as keys: store the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from rules.errors import DomainError


class RoleKind(StrEnum):
    """How holders of a role are found."""

    POST = "post"
    """Staff who carry the code."""
    UNIT = "unit"
    """Staff who act for a department or office and carry its code."""
    RELATION = "relation"
    """Found from the person concerned: superior, head of the own department."""
    OUTSIDE = "outside"
    """Not staff."""


class Role(msgspec.Struct, frozen=True):
    """One role of the catalogue."""

    code: str
    zh: str
    en: str
    rank: int
    """Hint for sorting and going up: 0 outside, 1 clerk, 2 specialist, 3 supervisor,
    4 head of department, 5 director, 6 deputy general manager, 7 general manager, 8 chairman."""
    kind: RoleKind = RoleKind.POST


_UNIT, _RELATION, _OUTSIDE = RoleKind.UNIT, RoleKind.RELATION, RoleKind.OUTSIDE

_ALL = (
    Role("salesperson", "业务员", "salesperson", 1),
    Role("customer_owner", "与客户直接联系的人", "customer owner", 1, _RELATION),
    Role("direct_superior", "直接上级", "direct superior", 4, _RELATION),
    Role("sales_consultant", "销售顾问", "sales consultant", 1),
    Role("service_consultant", "服务顾问", "service consultant", 1),
    Role("customer_developer", "客户开发专员", "customer development specialist", 2),
    Role("info_specialist", "客户信息专员", "customer-information specialist", 2),
    Role("info_staff", "客户信息管理人员", "customer-information staff", 1),
    Role("info_supervisor", "客户信息主管", "customer-information supervisor", 3),
    Role("cs_manager", "客户服务部经理", "customer-service manager", 4),
    Role("customer_director", "客户总监", "customer director", 5),
    Role("statistician", "统计员", "statistician", 2),
    Role("info_department", "信息部", "information department", 3, _UNIT),
    Role("marketing_department", "营销部", "marketing department", 3, _UNIT),
    Role("sales_director", "销售总监", "sales director", 5),
    Role("sales_manager", "销售经理", "sales manager", 4),
    Role("service_director", "服务总监", "service director", 5),
    Role("service_manager", "服务经理", "service manager", 4),
    Role("marketing_dgm", "营销副总经理", "deputy GM for marketing", 6),
    Role("dgm_in_charge", "主管副总经理", "deputy GM in charge", 6),
    Role("deputy_gm", "副总经理", "deputy GM", 6),
    Role("gm", "总经理", "general manager", 7),
    Role("chairman", "董事长", "chairman", 8),
    Role("gm_office", "总经理办公室", "GM's office", 5, _UNIT),
    Role("department_manager", "部门经理", "department manager", 4, _RELATION),
    Role("department_head", "部门负责人", "head of department", 4, _RELATION),
    Role("market_manager", "市场部经理", "market department manager", 4),
    Role("market_supervisor", "市场监察人员", "market supervisor", 3),
    Role("feedback_admin", "信息反馈管理人员", "information-feedback administrator", 2),
    Role("market_customer_supervisor", "市场与客户主管", "market and customer supervisor", 3),
    Role("hr", "人力资源部", "human resources department", 4, _UNIT),
    Role("tenant_services", "客务部", "tenant-services department", 1, _UNIT),
    Role("tenant_supervisor", "客务主管", "tenant-services supervisor", 3),
    Role("tenant_manager", "客务部经理", "tenant-services manager", 4),
    Role("property_cs", "客户服务部（管理处）", "property customer service", 1, _UNIT),
    Role("customer_care", "客户关爱部", "customer-care department", 3, _UNIT),
    Role("custodian", "档案管理员", "custodian", 2),
    Role("archivist_full", "专职档案员", "full-time archivist", 2),
    Role("archivist_part", "兼职档案员", "part-time archivist", 1),
    Role("system_admin", "系统管理员", "system administrator", 5),
    Role("pm_a", "项目经理A角", "project manager A", 3),
    Role("pm_b", "项目经理B角", "project manager B", 3),
    Role("deed_keeper", "权证管理人员", "title-deed keeper", 2),
    Role("authorised_approver", "有权审批人", "authorised approver", 5),
    Role("back_office", "内勤部", "back-office department", 1, _UNIT),
    Role("back_office_manager", "内勤部经理", "back-office manager", 4),
    Role("project_leader", "项目负责人", "project leader", 3),
    Role("technician", "技术人员", "technician", 1),
    Role("office_director", "局办公室主任", "bureau office director", 4),
    Role("deputy_chief", "分管副局长", "deputy bureau chief in charge", 6),
    Role("leader_of_office", "分管办公室的局领导", "bureau leader in charge of the office", 6),
    Role("party_secretary", "党组织书记", "secretary of the Party branch", 6),
    Role("section_chief", "科长", "section chief", 4),
    Role("leader_in_charge", "主管领导", "leader in charge", 6),
    Role("subject", "托管人员", "person whose file is in custody", 0, _OUTSIDE),
    Role("proxy", "委托人", "person authorised by power of attorney", 0, _OUTSIDE),
    Role("admin_assistant", "行政助理", "administrative assistant", 2),
    Role("superior", "上级领导", "superior", 4, _RELATION),
    Role("accounting", "会计部", "accounting department", 2, _UNIT),
    Role("it_department", "电脑部", "computer department", 2, _UNIT),
    Role("hr_joint_office", "人事部联营办", "HR joint-operations office", 2, _UNIT),
    Role("company_office", "公司办公室", "company office", 3, _UNIT),
    Role("production_dept", "生产处", "production department", 2, _UNIT),
    Role("external", "外单位人员", "external person", 0, _OUTSIDE),
)

OPERATOR = "operator"
"""The role of who installs and runs the program (CONTRACT 3.4); no role of the regulations.
`dossierbot init` gives it to the first person, whose staff number is the same word."""

ROLES: Mapping[str, Role] = MappingProxyType({role.code: role for role in _ALL})
"""Every role by code, in the order of the catalogue."""


def role(code: str) -> Role:
    """Return the role of that code.

    Raises:
        DomainError: no such role.
    """
    try:
        return ROLES[code]
    except KeyError:
        raise DomainError(f"no role {code!r}") from None
