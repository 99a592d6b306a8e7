-- assign error:
function assign(request) return {id = request.taken(5) and 1 or 2} end
