-- assign error:
function assign(request) return {id = request:taken(-1) and 1 or 2} end
