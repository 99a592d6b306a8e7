-- admission error: failure 95
function admit(peer) table.sort({1, "a", {}}) return true end
