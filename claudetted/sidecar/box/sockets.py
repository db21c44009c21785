"""Owns where programs of the user's session listen that would run things for whoever asks them."""

import os
import tempfile

_OF_ALL = (
    "/run/dbus",
    "/run/systemd/private",
    "/run/screen",
    "/run/docker.sock",
    "/run/podman",
    "/run/containerd",
    "/run/libvirt",
    "/tmp/.X11-unix",
    "/tmp/.ICE-unix",
)


def session_sockets(home: str) -> tuple[str, ...]:
    """Sockets and directories of sockets, real, whether they are there now or not."""
    user = os.getuid()
    temp = os.environ.get("TMUX_TMPDIR") or tempfile.gettempdir()
    places = (
        *_OF_ALL,
        os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{user}",
        f"/run/user/{user}",
        f"/tmp/tmux-{user}",
        f"{temp}/tmux-{user}",
        f"{home}/.docker/run",
        f"{home}/.docker/desktop",
        f"{home}/.screen",
    )
    return tuple(dict.fromkeys(map(os.path.realpath, places)))
