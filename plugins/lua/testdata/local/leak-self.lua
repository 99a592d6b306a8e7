-- assign error: failure 99
function assign(request) request.self.id = 1 return {id = 9} end
