-- admission error: failure 98, no verbs of Go
function admit(peer) return string.format("%v %T %p", 1, 1, 1) == "" end
