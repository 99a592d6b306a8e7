-- admission ok: failure 95
function admit(peer) local t = {} t[67108863] = 1 return true end
