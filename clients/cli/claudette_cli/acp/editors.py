"""Owns the settings with which each editor finds the bridge."""

from __future__ import annotations

import sys
from pathlib import Path

_JSON_SERVERS = """{{
  "agent_servers": {{
    "claudette": {{ {kind}"command": "{command}", "args": ["acp"] }}
  }}
}}"""

_SETTINGS = {
    "zed": ("settings.json of Zed", _JSON_SERVERS.replace("{kind}", '"type": "custom", ')),
    "jetbrains": ("~/.jetbrains/acp.json", _JSON_SERVERS.replace("{kind}", "")),
    "vscode": (
        "settings.json of VS Code, with the extension ACP Client",
        """{{
  "acp.agents": {{
    "claudette": {{ "command": "{command}", "args": ["acp"] }}
  }}
}}""",
    ),
    "agent-shell": (
        "the init file of Emacs",
        """(setq agent-shell-agent-configs
      (list (agent-shell-make-agent-config
             :identifier 'claudette
             :mode-line-name "claudette"
             :buffer-name "claudette"
             :shell-prompt "claudette> "
             :shell-prompt-regexp "claudette> "
             :client-maker (lambda (buffer)
                             (agent-shell--make-acp-client
                              :command "{command}"
                              :command-params '("acp")
                              :context-buffer buffer)))))""",
    ),
    "codecompanion": (
        "the set-up of codecompanion.nvim",
        """require("codecompanion").setup({{
  adapters = {{
    acp = {{
      claudette = function()
        local helpers = require("codecompanion.adapters.acp.helpers")
        return {{
          name = "claudette",
          formatted_name = "claudette",
          type = "acp",
          roles = {{ llm = "assistant", user = "user" }},
          commands = {{ default = {{ "{command}", "acp" }} }},
          defaults = {{ mcpServers = {{}}, timeout = 60000 }},
          parameters = {{
            protocolVersion = 1,
            clientCapabilities = {{ fs = {{ readTextFile = false, writeTextFile = false }} }},
            clientInfo = {{ name = "CodeCompanion.nvim", version = "1.0.0" }},
          }},
          handlers = {{
            setup = function() return true end,
            auth = function() return true end,
            form_messages = function(self, messages, capabilities)
              return helpers.form_messages(self, messages, capabilities)
            end,
            on_exit = function() end,
          }},
        }}
      end,
    }},
  }},
  interactions = {{ chat = {{ adapter = "claudette" }} }},
}})""",
    ),
    "avante": (
        "the set-up of avante.nvim",
        """require("avante").setup({{
  provider = "claudette",
  behaviour = {{ auto_approve_tool_permissions = false }},
  acp_providers = {{
    claudette = {{
      command = "{command}",
      args = {{ "acp", "--editor", "avante" }},
      env = vim.fn.environ(),
    }},
  }},
}})""",
    ),
    "toad": ("a shell", 'toad acp "{command} acp"'),
}


def settings(editor: str) -> str:
    """With the path of this installation, since editors do not have the PATH of a shell."""
    place, text = _SETTINGS[editor]
    mark = {"agent-shell": ";;", "codecompanion": "--", "avante": "--", "toad": "#"}.get(
        editor, "//"
    )
    return f"{mark} {place}\n{text.format(command=_command())}"


def _command() -> str:
    beside = Path(sys.argv[0])
    return str(beside.resolve()) if beside.name == "claudette" else "claudette"
