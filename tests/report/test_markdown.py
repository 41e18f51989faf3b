import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.plugin_util import markdown_to_safe_html

from litmus.report.markdown import escape, table_text, verdict_text
from litmus.report.tables import Table

TAGS = re.compile(r"<(img|a|script|style|em|strong|code|h\d|ul|ol|hr|blockquote|table|pre)\b")


@given(st.text(st.characters(codec="ascii"), max_size=60))
def test_escaped_text_makes_no_element(text):
    assert not TAGS.search(markdown_to_safe_html(escape(text)))


@pytest.mark.parametrize(
    "text", ["![a](http://evil/x.png)", "<img src=x>", "[a](b)", "**b** `c`", "a|b", "# h", "1. x", "&lt;"]
)
def test_escaped_text_reads_as_it_was_written(text):
    shown = markdown_to_safe_html(escape(text))
    assert html.unescape(re.sub(r"</?p>|<!--.*?-->", "", shown)).strip() == text


def test_a_cell_with_a_bar_stays_one_cell():
    shown = markdown_to_safe_html(table_text(Table(("a", "b"), (("x|y", "1"),))))
    assert shown.count("<td") == 2


def test_the_spread_over_folds_is_a_table_of_its_own(make_verdict, make_evidence):
    shown = markdown_to_safe_html(verdict_text(make_verdict(), make_evidence(folds=({"f1": 0.25}, {"f1": 0.75}))))
    assert shown.count("<table") == 2
    assert ">0.250<" in html.unescape(shown)


def test_the_verdict_renders_with_its_table_and_without_anything_from_data(make_verdict, make_evidence, nasty):
    shown = markdown_to_safe_html(verdict_text(make_verdict(nasty), make_evidence()))
    assert "<h3>Inadequate: accuracy 46 %.</h3>" in html.unescape(shown)
    assert shown.count("<table") == 1
    assert "model_is_linear" in html.unescape(shown)
    assert not re.search(r"<(img|a|script)\b", shown)
