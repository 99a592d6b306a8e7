-- admission error: failure 93
function admit(peer) return string.format("%999999999d", 1) == "" end
