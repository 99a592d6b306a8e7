-- difficulty ok: numbers divide as in Lua
function target(chain)
  assert(1 / 0 == math.huge and 0 / 0 ~= 0 / 0)
  return chain:target(0)
end
