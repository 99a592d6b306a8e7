-- difficulty error: failure 99, a call may not leave anything
calls = 0
function target(chain)
  calls = calls + 1
  return chain:target(0)
end
