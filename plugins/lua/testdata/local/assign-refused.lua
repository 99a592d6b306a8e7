-- assign ok:
function assign(request) return nil end
