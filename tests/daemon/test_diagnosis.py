"""What the daemon says of its surroundings."""

from tests.daemon.client import Client


async def test_it_says_what_it_sees_around_it(client: Client, no_keychain: None) -> None:
    told = await client.call("daemon/diagnose")
    assert "no keychain" in told["keychainMissing"]
    assert "/bin" in told["path"]
    assert told["freeBytes"] > 0
    await client.call("setting/set", key="private_keys", value="file")
    told = await client.call("daemon/diagnose")
    assert (told["keychain"], told.get("keychainMissing", "")) == ("file", "")
