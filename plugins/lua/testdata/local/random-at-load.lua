-- admission error: nor be different from others
local salt = random(1000)
function admit(peer) return salt > 5 end
