-- difficulty error: not a height
function target(chain)
  chain:target(math.huge)
  return chain:target(0)
end
