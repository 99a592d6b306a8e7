-- admission error: failure 93
function admit(peer) return string.sub("abc", 0/0) == "" end
