-- admission error: a state must not remember when it was made
local start = seconds()
function admit(peer) return seconds() - start < 5 end
