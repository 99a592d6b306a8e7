-- difficulty error: negative bits
function target(chain)
  local x = u256.from_bits(0x1d80ffff)
  return chain:target(0)
end
