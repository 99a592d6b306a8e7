-- difficulty error: failure 95, there is no unpack
function target(chain)
  unpack({}, 1, 1e8)
  return chain:target(0)
end
