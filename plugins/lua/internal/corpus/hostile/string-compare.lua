-- difficulty budget: comparing long texts is cheap
function target(chain)
  local s = 'x'
  for i = 1, 9 do s = s .. s end
  local r = s .. ''
  while s <= r and s == r do end
  return chain:target(0)
end
