-- admission error: punish is a function
punish = {}
function admit(peer) return true end
