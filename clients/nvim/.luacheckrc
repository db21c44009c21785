std = "luajit"
globals = { "vim" }
-- StyLua owns the width; what it leaves long is text.
max_line_length = false
