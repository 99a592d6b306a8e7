-- difficulty error: outside the chain
function target(chain)
  chain:time(chain.height + 1)
  return chain:target(0)
end
