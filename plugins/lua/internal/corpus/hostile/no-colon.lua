-- difficulty error: a common mistake
function target(chain)
  chain.time(5)
  return chain:target(0)
end
