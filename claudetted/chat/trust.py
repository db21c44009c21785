"""Owns the trust in a project's own instructions: asked for once a workspace, no until a yes.

It is about prompts, skills and system prompts that come with a project. Code of a project is not
loaded, whatever was answered.
"""

from msgspec.structs import replace

from claudetted.chat import questions
from claudetted.chat.step import Step
from claudetted.protocol import sidecar
from claudetted.protocol.questions import Option
from claudetted.protocol.settings import TRUST

YES, NO, ASK = "yes", "no", "ask"
_ANSWERS = (
    Option(NO, "No", "the agent works without them"),
    Option(YES, "Yes", "from its next turn on they tell the agent what to do"),
)


def is_trusted(step: Step) -> bool:
    """Whether the agent may use what the project brings."""
    return bool(step.setting(TRUST) == YES)


def review(step: Step, resources: list[str]) -> None:
    """The agent has begun without what it found in the project: a person is asked, once."""
    if not resources or step.setting(TRUST) != ASK:
        return
    workspace = step.state.chat.workspace
    questions.ask(
        step,
        "trust",
        f"Trust the instructions that come with {workspace}?",
        about=f"The project holds {', '.join(resources)}. Until it is trusted the agent does not "
        "use them; its turns go on. Extensions and servers of a project are never loaded.",
        options=_ANSWERS,
        subject=workspace,
    )


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
    trusted = is_trusted(step)
    if step.agent.stage in ("starting", "ready") and trusted != step.agent.trusted:
        step.agent = replace(step.agent, trusted=trusted)
        step.request("configure", lambda n: sidecar.Configure(n, trusted=trusted))
