from pathlib import Path

import pytest

from litmus.report.findings_page import page
from litmus.verdict.findings import names

FILE = Path(__file__).resolve().parents[2] / "docs" / "findings.md"


def test_the_page_of_findings_is_what_the_declarations_say():
    remedy = "python -m litmus.report.findings_page > docs/findings.md"
    assert FILE.read_text(encoding="utf-8") == page(), f"docs/findings.md is old; {remedy}"


@pytest.mark.parametrize("name", names())
def test_each_finding_has_its_section_with_what_to_do(name):
    section = page().partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert "*What to do*: " in section
    assert "*Seen by*: " in section
