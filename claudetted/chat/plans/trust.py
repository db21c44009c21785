"""Owns the trust in a project's own instructions, asked for once a workspace.

Prompts, skills and system prompts that come with a project are used after a yes, AGENTS.md and
CLAUDE.md until a no. Code of a project is not loaded, whatever was answered.
"""

from msgspec.structs import replace

from claudetted.chat.plans import questions
from claudetted.chat.step import Step
from claudetted.protocol import sidecar
from claudetted.protocol.questions import Option
from claudetted.protocol.settings import TRUST

YES, NO, ASK = "yes", "no", "ask"
_ANSWERS = (
    Option(NO, "No", "from its next turn on the agent works without any of them"),
    Option(YES, "Yes", "from its next turn on all of them tell the agent what to do"),
)


def is_trusted(step: Step) -> bool:
    """Whether the agent may use what the project brings."""
    return bool(step.setting(TRUST) == YES)


def uses_instruction_files(step: Step) -> bool:
    """Whether the agent uses AGENTS.md and CLAUDE.md of the project."""
    return bool(step.setting(TRUST) != NO)


def review(step: Step, resources: list[str], instruction_files: list[str]) -> None:
    """The agent has begun without what it found in the project: a person is asked, once."""
    if not resources or step.setting(TRUST) != ASK:
        return
    workspace = step.state.chat.workspace
    questions.ask(
        step,
        "trust",
        f"Trust the instructions that come with {workspace}?",
        about=f"Not used until you say Yes: {', '.join(resources)}. "
        f"{_used(instruction_files)} Never used: extensions and servers of a project.",
        options=_ANSWERS,
        subject=workspace,
    )


def _used(instruction_files: list[str]) -> str:
    if not instruction_files:
        return "AGENTS.md and CLAUDE.md would be used until you say No; there is none now."
    return f"Used now, until you say No: {', '.join(instruction_files)}."


def decide(step: Step, workspace: str, answer: str) -> None:
    """Holds for the workspace, from the next turn on."""
    step.choose(f"{TRUST}:{workspace}", answer)
    follow(step)


def follow(step: Step) -> None:
    """Tells the agent what holds now, and asks no longer what is decided."""
    if step.setting(TRUST) != ASK:
        for question in list(step.state.questions.values()):
            if question.kind == "trust":
                questions.withdraw(step, question, "It was decided elsewhere.")
    trusted, files = is_trusted(step), uses_instruction_files(step)
    agent = step.agent
    if agent.stage not in ("starting", "ready"):
        return
    if (trusted, files) != (agent.trusted, agent.instruction_files):
        step.agent = replace(agent, trusted=trusted, instruction_files=files)
        step.request(
            "configure",
            lambda n: sidecar.Configure(n, trusted=trusted, instruction_files=files),
        )
