"""Without reference models some causes cannot be told from data that hold no more: they are listed, not blamed."""

from collections.abc import Sequence
from dataclasses import replace

from litmus.evidence import Unknown
from litmus.verdict import quantities
from litmus.verdict.context import Context
from litmus.verdict.findings import diagnoses
from litmus.verdict.verdict import Finding


def unblamed(context: Context, findings: Sequence[Finding]) -> tuple[list[Finding], list[Unknown]]:
    """The findings without what only a reference model, or a trial that gained, could make a cause; and what they were.

    Where training broke, or all criteria are met, nothing is to blame in place of it.
    """
    if quantities.reference_models(context.evidence) or context.broke or "train" not in context.evidence.data.sizes:
        return list(findings), []
    open_ = [finding for finding in findings if _is_open(finding)]
    unknown = [Unknown(name=finding.name, reason=_reason(finding)) for finding in open_]
    kept = [replace(alarm, severity="info", overrides=()) if alarm in open_ else alarm for alarm in findings]
    return kept, unknown


def _is_open(finding: Finding) -> bool:
    if not (diagnoses()[finding.name].needs_reference and finding.alarms):
        return False
    tried = finding.tried or {}
    return not (tried.get("confirmed") and float(tried.get("low") or 0.0) > 0)


def _reason(finding: Finding) -> str:
    return f"{finding.summary} Whether that is the cause cannot be told without a reference model"
