-- difficulty budget: failure 92, an iterator that never ends
function target(chain)
  for x in function() return 1 end do end
  return chain:target(0)
end
