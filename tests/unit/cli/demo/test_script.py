"""Where the script in a prompt begins."""

from claudette_cli.demo.script import Step, rounds


def test_a_script_may_follow_what_a_person_would_say() -> None:
    assert rounds("Do it.\n@error 400 no") == [[Step("error", "400 no")]]
    assert rounds("@error 400 no") == [[Step("error", "400 no")]]


def test_a_directive_in_the_middle_of_a_line_begins_no_script() -> None:
    assert rounds("mail a @text b") == []
