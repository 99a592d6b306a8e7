-- difficulty budget: failure 95, each one fills an array
function target(chain)
  for i = 1, 1e6 do local t = {} t[60000] = 1 end
  return chain:target(0)
end
