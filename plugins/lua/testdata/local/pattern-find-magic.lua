-- admission error: failure 94, plain text that looks like a pattern must be said to be plain
function admit(peer) return string.find(peer.host, ".") == 1 end
