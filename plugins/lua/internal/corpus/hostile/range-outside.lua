-- difficulty error: outside the chain
function target(chain)
  chain:target_sum(0, 101)
  return chain:target(0)
end
