-- admission error: failure 93
function admit(peer) return string.format("%*d", 1e9, 1) == "" end
