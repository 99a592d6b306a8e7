-- difficulty ok: the chain cuts it
function target(chain)

  return u256(1):shl(300)
end
