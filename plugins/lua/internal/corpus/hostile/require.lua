-- difficulty error: failure 98
function target(chain)
  require('os')
  return chain:target(0)
end
