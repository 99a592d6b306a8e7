-- admission error: failure 94
function admit(peer) return ("a"):gsub("a", "b") == "b" end
