import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from litmus.report import canvas
from litmus.report.figures import draw
from litmus.report.html import Drawing, fragment, render, write_html
from litmus.verdict import Finding


class Elements(HTMLParser):
    """Counts elements and notes attributes that load or run something."""

    def __init__(self):
        super().__init__()
        self.tags, self.loads = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (
                name in {"src", "href", "xlink:href"} and not value.startswith(("#", "data:"))
            ):
                self.loads.append((tag, name, value))


def page(scene, verdict):
    drawings = [Drawing(plot.name, plot.title, canvas.svg(figure, plot.name)) for plot, figure in draw(scene)]
    return render(verdict, scene.evidence, title="circles", drawings=drawings, notes=("1,000 rows",))


@pytest.fixture(scope="module")
def nasty_page(scenes, make_verdict, nasty):
    return page(scenes["nasty names"], make_verdict(nasty))


def test_nothing_on_the_page_loads_and_nothing_runs_but_the_copy_button(nasty_page):
    found = Elements()
    found.feed(nasty_page)
    assert found.loads == []
    assert found.tags.count("script") == 1
    (script,) = re.findall("<script>(.*?)</script>", nasty_page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'\"" in nasty_page
    assert not {"iframe", "object", "link", "img", "base", "form"} & set(found.tags)
    assert found.tags.count("style") == 1 + nasty_page.count('<style type="text/css">')


def test_the_page_says_verdict_criteria_findings_and_what_to_try(make_verdict, make_evidence):
    text = render(make_verdict(), make_evidence(test_reads=3), title="t", provenance={"git": {"commit": "abc"}})
    for part in (
        "Inadequate: accuracy 46\N{NO-BREAK SPACE}%.",
        "≥ 0.8 fail",
        "Try first: <code>model.activation=relu &#39;model.hidden=[10,10]&#39;</code>",
        "A consequence of model_is_linear.",
        "has been read 3 times",
        "git.commit",
        "too few rows of x",
        "optimizer.lr",
    ):
        assert part in text, part


def test_the_worst_rows_are_told_in_words_and_four_digits(make_verdict, make_evidence):
    worst = ({"row": 3, "target": 230.0, "pred": 69.95412, "error": 1.0e9}, {"row": 1234, "target": 7.5, "pred": None})
    text = re.sub(r"\s*<[^>]+>\s*", "|", render(make_verdict(), make_evidence(worst_rows=worst), title="t"))
    assert "|row||target||predicted||error|" in text
    assert "|3||230||69.95||1e+09|" in text
    assert "|1,234||7.5||–||–|" in text


def test_the_words_of_a_finding_are_kept_apart(make_verdict, make_evidence):
    info = Finding(name="a", severity="info", summary="Low.", evidence={"stopped": False}, overrides=("model=mlp",))
    text = render(make_verdict(findings=(replace(info, consequence_of="b"),)), make_evidence(), title="t")
    predicted = re.sub("<[^>]+>", "", text[text.index(">Findings</h2>") :])
    assert "Low.\nA consequence of b.\nEvidence: stopped no\nTry: model=mlp" in predicted


def test_what_a_trial_has_shown_to_be_of_no_use_is_not_advised(make_verdict, make_evidence):
    tried = {"metric": "f1", "before": [0.6], "after": [0.5], "difference": -0.1, "seeds": [1], "confirmed": False}
    found = Finding(name="a", severity="info", summary="Low.", overrides=("model.dropout=0.5",), tried=tried)
    text = re.sub("<[^>]+>", "", render(make_verdict(findings=(found,)), make_evidence(), title="t"))
    assert "tried model.dropout=0.5, 1 seed: F1 0.600 -&gt; 0.500, gain -0.100, not confirmed on fresh seeds" in text
    assert "Try: " not in text[text.index("Low.") :]


def test_no_line_breaks_between_a_figure_and_its_percent_sign_but_commands_stay_as_typed(make_verdict, make_evidence):
    found = Finding(name="a", severity="info", summary="It is 5 %.", overrides=("data.target=5 %",))
    text = render(make_verdict(findings=(found,)), make_evidence(), title="t")
    assert "It is 5\N{NO-BREAK SPACE}%." in text
    assert "data.target=5 %" in text


def test_a_bare_verdict_makes_a_page(make_verdict, make_evidence):
    bare = make_verdict(verdict="undetermined", criteria=(), findings=(), headroom=None, unknown=(), rows_needed=340)
    text = render(bare, make_evidence("regression", references=(), per_class={}), title="t")
    assert "tone-open" in text
    assert "Findings" not in text


def test_the_page_is_one_file(tmp_path, nasty_page):
    write_html(tmp_path, nasty_page)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 400])
def test_a_browser_shows_it_whole_and_asks_nobody(width, nasty_page, tmp_path, browser):
    write_html(tmp_path, nasty_page)
    asked, predicted = [], []
    tab = browser.new_page(viewport={"width": width, "height": 900})
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: predicted.append(message.text))
    tab.on("dialog", lambda dialog: predicted.append("dialog"))
    tab.goto(f"file://{tmp_path}/report.html")
    wide = tab.evaluate("document.documentElement.scrollWidth")
    heights = tab.evaluate("[...document.querySelectorAll('figure svg')].map(e => e.getBoundingClientRect().height)")
    assert len(asked) == 1
    assert predicted == []
    assert wide <= width
    assert len(heights) == len(re.findall("<figure", nasty_page))
    assert min(heights) > 80


def test_the_page_and_a_notebook_show_the_spread_over_seeds(make_verdict, make_evidence, nasty):
    evidence = make_evidence(seeds={"1": {"f1": 0.25}, "2": {"f1": 0.75}})
    for shown in (render(make_verdict(), evidence, title="run"), fragment(make_verdict(nasty), evidence)):
        assert "2 fits on the same split (seeds 1, 2), scored on test" in shown
        assert "<td>0.250</td><td>0.750</td><td>2</td>" in shown
        assert "alert(1)<" not in shown
