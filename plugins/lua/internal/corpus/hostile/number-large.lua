-- difficulty error: a literal above 2^53
function target(chain)
  local x = 9007199254740993
  return chain:target(0)
end
