-- assign error: failure 99
function assign(request) request.children[1] = {id = 1} return {id = 9} end
