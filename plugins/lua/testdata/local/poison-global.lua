-- admission error: failure 99
function admit(peer) string.sub = function() return "" end return true end
