-- admission result: above ten years
function admit(peer) return true end
function punish(peer, fault) return 315360001 end
