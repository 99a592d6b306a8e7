-- difficulty ok: the chain makes it 1
function target(chain)

  return u256(0)
end
