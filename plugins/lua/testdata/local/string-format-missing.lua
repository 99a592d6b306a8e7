-- admission error: failure 93
function admit(peer) return string.format("%d %d", 1) == "" end
