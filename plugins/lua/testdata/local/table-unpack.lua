-- admission error: failure 95
function admit(peer) return unpack({}, 1, 100000000) == nil end
