"""Owns the list of what would run on the user's behalf and not the agent's: it asks, in full too.

A program that an agent starts bears a mark, and decides nothing (`sidecar/keeper/marking.py`). What
these commands start belongs to another program of the user's, a service manager, a terminal or a
later login, and bears none; the files here are what such programs run, or what the daemon is.
"""

COMMANDS = (
    # Service managers and timers.
    "systemd-run",
    "systemctl link",
    "systemctl edit",
    "systemctl set-environment",
    "systemctl import-environment",
    "machinectl shell",
    "busctl call",
    "dbus-send",
    "gdbus call",
    "at",
    "batch",
    "crontab",
    "launchctl",
    "osascript",
    # Terminals and editors that are open already.
    "tmux",
    "screen",
    "byobu",
    "zellij",
    "dtach",
    "abduco",
    "reptyr",
    "emacsclient",
    "nvim --server",
    "vim --remote",
    "vim --remote-send",
    "vim --remote-expr",
    "kitty @",
    "kitten @",
    "wezterm cli",
    "xdotool",
    "ydotool",
    "wtype",
    # Other processes, seen from inside.
    "gdb",
    "lldb",
    "rr",
    "strace -p",
    "ltrace -p",
    "nsenter",
    "prlimit",
    # Another user, who may raise limits, and a new login of this one.
    "sudo",
    "su",
    "doas",
    "pkexec",
    "run0",
    "ssh localhost",
    "scp localhost",
    "sftp localhost",
    "rsync localhost",
    "mosh localhost",
)
"""As rules spell commands; each asks with any further words. `localhost` stands for each of this
machine's loopback addresses, with a user, a port or a path."""

FILES = (
    # What a shell of the user's runs when it begins or ends.
    "~/.bashrc",
    "~/.bash_profile",
    "~/.bash_login",
    "~/.bash_logout",
    "~/.bash_aliases",
    "~/.profile",
    "~/.zshrc",
    "~/.zshenv",
    "~/.zprofile",
    "~/.zlogin",
    "~/.zlogout",
    "~/.config/fish/**",
    "~/.config/environment.d/**",
    "~/.pam_environment",
    "~/.ssh/rc",
    "~/.ssh/config",
    "~/.ssh/authorized_keys",
    "~/.ssh/environment",
    # What a session or a service manager starts.
    "~/.xprofile",
    "~/.xsession",
    "~/.xinitrc",
    "~/.config/autostart/**",
    "~/.config/systemd/user/**",
    "~/.local/share/systemd/user/**",
    "~/.local/share/applications/**",
    "~/.local/share/dbus-1/**",
    "~/Library/LaunchAgents/**",
    # What terminals and editors run.
    "~/.tmux.conf",
    "~/.config/tmux/**",
    "~/.screenrc",
    # Programs by which the user calls them.
    "~/.local/bin/**",
    "~/bin/**",
    # What Pi runs or loads: commands in its configuration, and extensions.
    "~/.pi/agent/settings.json",
    "~/.pi/agent/models.json",
    "~/.pi/agent/extensions/**",
)
"""To write there asks; the daemon's own data and sockets are denied anyway."""


def rules() -> tuple[str, ...]:
    """The texts of the built-in rules."""
    return (
        *(f"ask @run command {command}" for command in COMMANDS),
        *(f"ask @write path {glob}" for glob in FILES),
    )
