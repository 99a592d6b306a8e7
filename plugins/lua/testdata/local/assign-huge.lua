-- assign result:
function assign(request) return {id = 4294967296} end
