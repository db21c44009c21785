"""Markdown as a person reads and copies it."""

from claudette_cli.rendering.markdown import render

TEXT = """\
# Plan

- [ ] first
- [X] second
- [y] none

```python
def f():
    return 1
```
"""


def test_headings_stand_left_tasks_have_boxes_and_code_no_edge() -> None:
    lines = render(TEXT, 60, colour=False)
    assert lines[0] == "Plan"
    assert [line.strip() for line in lines[2:5]] == ["• ☐ first", "• ☑ second", "• [y] none"]
    assert lines[-2:] == ["def f():", "    return 1"]


def test_lines_of_code_are_not_broken_so_that_they_can_be_copied() -> None:
    code = f"x = {'1 + ' * 40}1"
    assert render(f"```python\n{code}\n```\n", 40, colour=False) == [code]
    inside = render(f"- a\n\n  ```\n  {code}\n  ```\n", 40, colour=False)
    assert "".join(line.strip() for line in inside[2:]).replace(" ", "") == code.replace(" ", "")
