-- admission error: failure 94
function admit(peer) return string.match("a", "a") == "a" end
