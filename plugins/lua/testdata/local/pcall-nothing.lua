-- admission error: nothing to call
function admit(peer) return pcall() end
