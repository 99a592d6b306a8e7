-- assign result:
function assign(request) return {port = 8001} end
