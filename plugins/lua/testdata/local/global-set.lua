-- admission error: failure 99
function admit(peer) seen = peer.host return true end
