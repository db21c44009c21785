"""Private keys are kept where they were put, or it is said that they are not."""

import stat
from collections.abc import Iterator
from pathlib import Path

import keyring.backends.fail
import keyring.backends.null
import pytest
from keyring.backend import KeyringBackend

from claudetted.protocol import places
from claudetted.store.secrets import Keychain, PrivateFile, Secrets, SecretsRefused, secrets
from tests.fakes import keychain
from tests.fakes.keychain import MemoryKeychain


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryKeychain]:
    monkeypatch.setenv("CLAUDETTED_DATA_DIR", str(tmp_path))
    backend = MemoryKeychain()
    with keychain.in_use(backend):
        yield backend


@pytest.fixture(params=["keychain", "file"])
def kept(request: pytest.FixtureRequest, memory: MemoryKeychain) -> Secrets:
    return secrets(request.param)


def test_what_is_written_is_read_until_it_is_removed(kept: Secrets) -> None:
    assert kept.read("A_KEY") is None
    kept.write("A_KEY", "one")
    kept.write("B_KEY", "two")
    kept.write("A_KEY", "three")
    assert (kept.read("A_KEY"), kept.read("B_KEY")) == ("three", "two")
    kept.remove("A_KEY")
    kept.remove("A_KEY")
    assert (kept.read("A_KEY"), kept.read("B_KEY")) == (None, "two")


def test_the_bucket_is_ours_and_of_our_data(memory: MemoryKeychain) -> None:
    Keychain().write("A_KEY", "one")
    ((service, name),) = memory.held
    assert service == f"claudetted piProviderSecrets {places.data_dir()}"
    assert name == "pi_provider:A_KEY"


def test_a_keychain_that_keeps_nothing_is_noticed(memory: MemoryKeychain) -> None:
    memory.forgetful = True
    with pytest.raises(SecretsRefused, match="did not keep"):
        Keychain().write("A_KEY", "one")


def test_latent_L21_a_locked_keychain_is_an_error_and_never_empty(memory: MemoryKeychain) -> None:
    Keychain().write("A_KEY", "one")
    memory.locked = True
    for work in (lambda: Keychain().read("A_KEY"), lambda: Keychain().remove("A_KEY")):
        with pytest.raises(SecretsRefused, match="unlock"):
            work()
    memory.locked = False
    assert Keychain().read("A_KEY") == "one"


@pytest.mark.parametrize(
    "backend", [keyring.backends.fail.Keyring(), keyring.backends.null.Keyring()]
)
def test_without_a_keychain_it_says_what_to_do(backend: KeyringBackend) -> None:
    with keychain.in_use(backend):
        with pytest.raises(SecretsRefused, match="claudette setting private_keys file"):
            Keychain().write("A_KEY", "one")
        with pytest.raises(SecretsRefused):
            Keychain().read("A_KEY")


def test_latent_L22_the_file_is_the_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "private_keys.json"
    PrivateFile(path).write("A_KEY", "one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["{broken", "[]", "\ufeff{"])
def test_a_broken_file_is_an_error_and_stays_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "private_keys.json"
    path.write_text(text)
    kept = PrivateFile(path)
    for work in (lambda: kept.read("A"), lambda: kept.write("A", "x"), lambda: kept.remove("A")):
        with pytest.raises(SecretsRefused, match="left as it is"):
            work()
    assert path.read_text() == text


def test_no_refusal_tells_a_key(memory: MemoryKeychain) -> None:
    memory.forgetful = True
    with pytest.raises(SecretsRefused) as refused:
        Keychain().write("A_KEY", "sesame")
    assert "sesame" not in str(refused.value)
