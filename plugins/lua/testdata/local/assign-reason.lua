-- assign result:
function assign(request) return nil, 5 end
