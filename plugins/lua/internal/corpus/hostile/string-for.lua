-- difficulty error: a text is not a number
function target(chain)
  for i = '1', 2 do end
  return chain:target(0)
end
