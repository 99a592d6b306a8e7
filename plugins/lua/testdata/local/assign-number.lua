-- assign result:
function assign(request) return 8001 end
