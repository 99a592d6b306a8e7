-- admission result: the reason is a text
function admit(peer) return false, {} end
