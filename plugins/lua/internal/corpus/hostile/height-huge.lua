-- difficulty error: not a height
function target(chain)
  chain:bits(4294967296)
  return chain:target(0)
end
