-- admission error: failure 93, places without a text
function admit(peer) return table.concat({}, "", -1e15, 1e15) == "" end
