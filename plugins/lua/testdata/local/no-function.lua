-- admission error: the file defines nothing
local x = 1
