-- admission error: failure 98, no address gets out
function admit(peer) return tostring(peer) == "" end
