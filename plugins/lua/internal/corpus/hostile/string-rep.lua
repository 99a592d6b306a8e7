-- difficulty error: failure 93, there is no string library
function target(chain)
  local s = ('x'):rep(64e9)
  return chain:target(0)
end
