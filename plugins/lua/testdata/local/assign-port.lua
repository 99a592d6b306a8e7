-- assign result:
function assign(request) return {id = 8001, port = 65536} end
