-- admission error: failure 98
function admit(peer) return tostring(print) == "" end
