-- admission error: an empty range
function admit(peer) return random(0) == 1 end
