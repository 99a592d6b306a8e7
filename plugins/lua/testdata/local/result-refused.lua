-- admission ok: a reason is optional
function admit(peer) return false end
