-- admission result:
function admit(peer) return true end
function punish(peer, fault) return math.huge end
