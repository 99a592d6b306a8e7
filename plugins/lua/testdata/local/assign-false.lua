-- assign result: nil says no, not false
function assign(request) return false, "no" end
