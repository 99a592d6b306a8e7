-- admission error: no range
function admit(peer) return random() < 1 end
