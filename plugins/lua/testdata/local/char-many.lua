-- admission error: failure 95
function admit(peer) return string.char(1e9) == "" end
