-- assign result: the node's own ID
function assign(request) return {id = request.self.id} end
