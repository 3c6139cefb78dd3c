"""Which parsers understand what a model writes: by its chat template, else by its family (pure)."""

from blocks.inference.families import Family
from blocks.inference.reasoned import ON, Confidence, Reasoned

TOOL_MARKS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("<tool_call>", "<function=", "<parameter="), "qwen3_xml"),
    (("<function name=", "<param name="), "minicpm5"),
    (("<minimax:tool_call>",), "minimax_m2"),
    (("<seed:tool_call>",), "seed_oss"),
    (("{function-name}<arg_key>",), "glm47"),
    (("<arg_key>",), "glm45"),
    (("<|tool_calls_section_begin|>",), "kimi_k2"),
    (("<|tool_call>",), "gemma4"),
    (("<|channel|>", "<|call|>"), "openai"),
    (("<｜tool▁calls▁begin｜>", "```json"), "deepseek_v3"),  # noqa: RUF001
    (("<｜tool▁calls▁begin｜>",), "deepseek_v31"),  # noqa: RUF001
    (("[TOOL_CALLS]",), "mistral"),
    (("<|python_tag|>",), "llama3_json"),
    (("<tool_call>",), "hermes"),
)
"""Marks that all stand in a chat template, and the parser of vLLM 0.33 they tell; the narrower first."""

REASONING_MARKS: tuple[tuple[str, str], ...] = (
    ("<seed:think>", "seed_oss"),
    ("[THINK]", "mistral"),
    ("<|channel|>analysis", "openai_gptoss"),
    ("<think>", "deepseek_r1"),
    ("</think>", "deepseek_r1"),
)
"""Marks of models that reason; the parser is that of a family without one of its own."""

SAME_WORDS = {"glm45": ("glm45", "glm47"), "qwen3_xml": ("qwen3_xml", "mimo", "step3p5", "step5")}
"""Marks that more than one parser reads: there the family decides."""

COMMON = ("", "hermes", "qwen3_xml", "glm45", "glm47")
"""Parsers of families whose later versions and fine-tunes write otherwise: there the template decides."""

NO_TEMPLATE = "no file with a chat template"


def tool_parser(family: Family, template: str | None) -> list[Reasoned]:
    """`--enable-auto-tool-choice` and its parser, or why there is none: one without the other is an error."""
    marked = tool_mark(template or "")
    alike = SAME_WORDS.get(marked, (marked,))
    named = family.tools
    if template is not None and named in COMMON and named not in alike:
        named = marked
    if not named:
        reason = "its chat template shows no form of tool call that vLLM reads" if template else NO_TEMPLATE
        return [Reasoned("--tool-call-parser", "", "chat template", "likely", reason)]
    if marked and named in alike:
        reason = f"the chat template writes tool calls in the form {named} reads"
        value = Reasoned("--tool-call-parser", named, "chat template", "sure", reason)
    else:
        reason = f"{family.name} models write tool calls in the form {named} reads"
        value = Reasoned("--tool-call-parser", named, "config.json architectures", "likely", reason)
    why = "without it, requests with tools are answered 400"
    return [Reasoned("--enable-auto-tool-choice", ON, value.source, value.confidence, why), value]


def reasoning_parser(family: Family, template: str | None) -> Reasoned:
    """`--reasoning-parser`, or why there is none."""
    flag, marked = "--reasoning-parser", reasoning_mark(template or "")
    if family.always:
        why = f"{family.name} models always reason"
        return Reasoned(flag, family.reasoning, "config.json architectures", "sure", why)
    if marked:
        named = family.reasoning or marked
        confidence: Confidence = "sure" if family.reasoning else "likely"
        why = "the chat template has a place for thoughts"
        return Reasoned(flag, named, "chat template", confidence, why)
    if template is None and family.reasoning:
        why = f"{family.name} models reason as a rule; {NO_TEMPLATE} says otherwise"
        return Reasoned(flag, family.reasoning, "config.json architectures", "guess", why)
    return Reasoned(flag, "", "chat template", "likely", "nothing in its files says that it reasons")


def tool_mark(template: str) -> str:
    """The tool-call parser a template's marks tell; blank when none do."""
    for marks, named in TOOL_MARKS:
        if all(mark in template for mark in marks):
            return named
    return ""


def reasoning_mark(template: str) -> str:
    """The reasoning parser a template's marks tell; blank when none do."""
    return next((named for mark, named in REASONING_MARKS if mark in template), "")
