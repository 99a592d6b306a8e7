-- difficulty error: failure 98
function target(chain)
  debug.sethook()
  return chain:target(0)
end
