-- admission error: failure 94
function admit(peer) return string.find("aaaaaaaaaaaaaaaaaaaaaaaaaa", "(a*)*b") end
