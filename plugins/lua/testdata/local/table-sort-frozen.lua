-- admission error: failure 99
function admit(peer) table.sort(peer) return true end
