-- assign result: an ID of another member
function assign(request) return {id = 8002} end
