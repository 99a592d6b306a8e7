-- admission error: what a file prints when it is loaded would come for every machine
print("loaded")
function admit(peer) return true end
