"""A row of the provisioning log in the shape of Microsoft Graph's provisioningObjectSummary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from provisor.domain.change import Difference
from provisor.domain.log import Step
from provisor.domain.resource import Value
from provisor.store.logs import LogRow
from provisor.text import describe, remedy

CATEGORY = {"failure": "failure", "success": "success"}


def provisioning_object_summary(row: LogRow, tenant_id: str) -> Mapping[str, Any]:
    """Graph's members, and its spelling; `reason` beside them is ours: the code with its parameters."""
    return {
        "id": str(row.id),
        "activityDateTime": row.at,
        "tenantId": tenant_id,
        "jobId": row.job_id,
        "cycleId": row.cycle_id,
        "changeId": change_id(row),
        "provisioningAction": row.action,
        "durationInMilliseconds": row.duration_ms,
        "initiatedBy": {"id": "", "displayName": row.initiated_by, "initiatorType": _initiator(row.initiated_by)},
        "servicePrincipal": {"id": row.app_id, "displayName": row.app_name},
        "sourceSystem": {"id": row.directory_id, "displayName": row.directory_name},
        "targetSystem": {"id": row.app_id, "displayName": row.app_name},
        "sourceIdentity": {
            "id": row.entry_id,
            "displayName": row.name,
            "identityType": "User",
            "details": {"userPrincipalName": row.login},
        },
        "targetIdentity": {"id": row.target_id, "displayName": row.name, "identityType": "User"},
        "provisioningStatusInfo": {"status": row.status, "errorInformation": _error(row)},
        "provisioningSteps": [_step(step) for step in row.steps],
        "modifiedProperties": [_property(difference) for difference in row.modified],
        "reason": {"code": row.reason.code, "parameters": dict(row.reason.parameters)},
    }


def change_id(row: LogRow) -> str:
    """The same for the same change, whenever it is asked for."""
    return str(uuid5(NAMESPACE_OID, f"{row.cycle_id}/{row.seq}"))


def _initiator(by: str) -> str:
    return "system" if by == "the schedule" else "user"


def _error(row: LogRow) -> Mapping[str, Any] | None:
    if row.status == "success":
        return None
    return {
        "errorCode": row.reason.code,
        "reason": describe(row.reason),
        "additionalDetails": None,
        "errorCategory": CATEGORY.get(row.status, "nonServiceFailure"),
        "recommendedAction": remedy(row.reason.code),
    }


def _step(step: Step) -> Mapping[str, Any]:
    return {
        "name": step.name,
        "provisioningStepType": step.type,
        "status": step.status,
        "description": describe(step.reason),
        "details": dict(step.details),
    }


def _property(difference: Difference) -> Mapping[str, Any]:
    """Graph has texts here, whatever the type."""
    return {
        "displayName": difference.attribute,
        "oldValue": property_text(difference.old),
        "newValue": property_text(difference.new),
    }


def property_text(value: Value) -> str | None:
    if value is None:
        return None
    return ", ".join(value) if isinstance(value, list) else str(value)
