-- difficulty error: blames the caller
local function f() error('no', 2) end
function target(chain)
  f()
  return chain:target(0)
end
