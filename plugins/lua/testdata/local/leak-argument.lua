-- admission error: failure 99
function admit(peer) peer.host = "" return true end
