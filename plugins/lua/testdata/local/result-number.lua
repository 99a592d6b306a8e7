-- admission result: 0 is not false
function admit(peer) return 0 end
