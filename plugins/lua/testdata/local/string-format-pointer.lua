-- admission error: failure 98, no address gets out
function admit(peer) return string.format("%s", {}) == "" end
