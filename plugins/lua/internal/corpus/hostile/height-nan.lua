-- difficulty error: not a height
function target(chain)
  chain:target(0/0)
  return chain:target(0)
end
