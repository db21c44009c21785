"""Which hosts a call contacts, and what a pattern of hosts covers."""

import pytest

from claudetted.permissions.hosts import host_covers, host_of, hosts_of
from tests.unit.permissions.world import asking


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://example.org", "example.org"),
        ("https://Example.ORG./x", "example.org"),
        ("https://u:p@example.org:8443/x?y#z", "example.org"),
        ("https://good.example@evil.example/x", "evil.example"),
        ("https://evil.example\\@good.example/", "evil.example"),
        ("http://[::1]:80/x", "::1"),
        ("http://[::1/x", ""),
        ("nonsense", ""),
    ],
)
def test_the_host_of_a_url(url: str, host: str) -> None:
    assert host_of(url) == host


def test_what_a_pattern_covers() -> None:
    assert host_covers("example.org", "EXAMPLE.org.")
    assert host_covers("*.example.org", "a.b.example.org")
    assert not host_covers("*.example.org", "example.org")
    assert not host_covers("example.org", "example.org.evil.test")
    assert not host_covers("example.org", "badexample.org")


def test_every_url_in_the_arguments_counts() -> None:
    text = '{"urls": ["https://a.example/x", {"deep": "see http://b.example"}], "n": 1}'
    assert hosts_of(asking("fetch", "fetch", text=text)) == ["a.example", "b.example"]
    assert hosts_of(asking("fetch", "fetch", hosts=["c.example"], text=text)) == ["c.example"]
    assert hosts_of(asking("fetch", "fetch", text="{cut")) == []
