"""Owns what the translation reads and writes of the disk, behind one name for tests."""

import os

MOST_READ = 64 * 1024 * 1024
"""Bytes of a file that a diff is made of."""


class Disk:
    """The real one."""

    def real(self, path: str, cwd: str) -> str:
        """The path that a call means, with every link followed; `~` is the user's home."""
        return os.path.realpath(os.path.join(cwd, os.path.expanduser(path)))

    def text(self, path: str) -> str | None:
        """None where there is no such file. One that is no text, or too long, is empty."""
        try:
            if os.path.getsize(path) > MOST_READ:
                return ""
            with open(path, encoding="utf-8", newline="") as file:
                return file.read()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError):
            return ""

    def read(self, path: str) -> bytes:
        """Raises OSError."""
        with open(path, "rb") as file:
            return file.read()

    def write(self, path: str, data: bytes) -> None:
        """Whole, and for the user alone, as its directory. Raises OSError."""
        draft = f"{path}.new"
        self.make(os.path.dirname(path))
        with open(draft, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(data)
        os.replace(draft, path)

    def make(self, directory: str) -> None:
        """Raises OSError."""
        os.makedirs(directory, mode=0o700, exist_ok=True)

    def there(self, *paths: str) -> list[str]:
        return [path for path in paths if os.path.exists(path)]

    def one_below(self, directory: str, name: str) -> list[str]:
        """The files of that name in any of its directories."""
        try:
            places = sorted(os.listdir(directory))
        except OSError:
            return []
        return self.there(*(os.path.join(directory, place, name) for place in places))
