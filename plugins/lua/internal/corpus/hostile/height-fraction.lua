-- difficulty error: not a height
function target(chain)
  chain:bits(0.5)
  return chain:target(0)
end
