-- admission error: failure 99
function admit(peer) ("").x = 1 return true end
