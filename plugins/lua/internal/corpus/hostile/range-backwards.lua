-- difficulty error: an empty range
function target(chain)
  chain:times(5, 4)
  return chain:target(0)
end
