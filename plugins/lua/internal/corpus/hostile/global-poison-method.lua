-- difficulty error: failure 99
function u256:bits() return 1 end
function target(chain)

  return chain:target(0)
end
