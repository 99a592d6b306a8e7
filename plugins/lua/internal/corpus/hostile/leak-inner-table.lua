-- difficulty error: failure 99
local seen = {inner = {{}}}
function target(chain)
  seen.inner[1].x = true
  return chain:target(0)
end
