-- difficulty ok: as in Lua
function target(chain)
  assert(5 % 3 == 2 and -5 % 3 == 1 and 5 % -3 == -1 and -5 % -3 == -2 and 6 % 3 == 0)
  return chain:target(0)
end
