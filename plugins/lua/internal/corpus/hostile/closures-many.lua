-- difficulty budget: functions are charged
function target(chain)
  while true do local f = function() return chain end end
  return chain:target(0)
end
