-- assign result:
function assign(request) return {id = 0} end
