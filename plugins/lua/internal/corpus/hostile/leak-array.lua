-- difficulty error: failure 99, arrays of the host are read-only
function target(chain)
  chain:times(0, 5)[1] = 0
  return chain:target(0)
end
