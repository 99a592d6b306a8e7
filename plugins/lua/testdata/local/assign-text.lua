-- assign result:
function assign(request) return {id = "8001"} end
