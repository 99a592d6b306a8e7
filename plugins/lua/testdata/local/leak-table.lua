-- admission error: failure 99
local seen = {}
function admit(peer) seen[peer.host] = true return true end
