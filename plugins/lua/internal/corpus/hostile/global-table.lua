-- difficulty error: failure 99, there is no _G
function target(chain)
  _G.math = nil
  return chain:target(0)
end
