"""The pages that runs leave in Prefect's UI, and that nothing from a host is markup there."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tasks.markdown import code, plain
from tasks.run_pages import LONGEST_DESCRIPTION, headline, plan_page, result_page

MARKUP = "\\`*_[]<>#|&~!"


@given(st.text(alphabet=st.sampled_from(MARKUP + "ab \n:/.") | st.characters()))
def test_plain_text_has_no_letter_left_that_means_something(text: str):
    shown = plain(text)

    assert not re.search(rf"(?<!\\)(\\\\)*[{re.escape(MARKUP[1:])}]", shown)
    assert "\n" not in shown
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", shown) == " ".join(text.split())


def test_an_address_in_a_text_does_not_become_a_link():
    assert plain("see https://a.example, www.b.example") == r"see https\://a.example, www\.b.example"


@given(st.lists(st.text()))
def test_no_line_ends_a_block_of_code(lines: list[str]):
    for line in code(lines, 50).split("\n"):
        assert line.startswith("    ") or not lines
        assert len(line) <= 54


def test_a_plan_says_that_it_is_one_and_how_to_answer_it():
    plan = plan_page("swap", "Swap to glm", ["Stop alpha.", "Start <glm>."], waiting=True)

    assert plan.key == "swap-plan"
    assert plan.data.startswith("# Plan: swap to glm\n\n1. Stop alpha.\n2. Start \\<glm\\>.\n")
    assert "Press *Resume*" in plan.data


def test_the_plan_of_a_dry_run_says_that_nothing_is_changed():
    plan = plan_page("swap", "Plan: swap to glm", ["Stop alpha."], waiting=False)

    assert plan.data.startswith("# Plan: swap to glm\n")
    assert "nothing is changed" in plan.data
    assert "Resume" not in plan.data


def test_a_result_says_what_happened_how_things_are_and_what_to_do():
    details = {
        "message": "GLM did not start: the GPU ran out of memory. Alpha is loaded again and answers.",
        "cause": "the GPU ran out of memory",
        "advice": "Lower max_model_len.",
        "host": "spark-1",
        "line": "ERROR ``` out of memory",
        "logs": "/state/logs/1",
    }

    result = result_page("swap", "Swap to glm", "failed", details)

    assert result.key == "swap-result"
    assert "**It failed.** GLM did not start" in result.data
    assert "- Host: spark-1\n- Logs of the hosts are kept in: /state/logs/1" in result.data
    assert "Cause:" not in result.data, "the message tells it already"
    assert "\n    ERROR ``` out of memory\n" in result.data
    assert "## What to do now\n\nLower max\\_model\\_len." in result.data


def test_a_result_that_is_good_asks_for_nothing():
    result = result_page("wake", "Wake spark-2", "completed", {"message": "spark-2 is awake."})

    assert result.data == "# Wake spark-2\n\n**Done.** spark-2 is awake.\n"


def test_a_description_is_short():
    assert len(headline("a" * 1000)) == LONGEST_DESCRIPTION
