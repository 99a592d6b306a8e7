-- admission error: failure 93
function admit(peer) return string.format("%-+ 0") == "" end
