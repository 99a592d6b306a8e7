-- admission error: failure 93
function admit(peer) return string.format("%.999999f", 1) == "" end
