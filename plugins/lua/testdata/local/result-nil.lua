-- admission result: no answer is none
function admit(peer) end
