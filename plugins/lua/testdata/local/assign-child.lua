-- assign result: an ID of a child
function assign(request) return {id = request.children[1] and request.children[1].id or 8000} end
